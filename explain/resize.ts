/** @file Bilinear resizing of a map to the size of the picture it belongs to. */
import { InputError } from '../onnx/errors.js';

/** For every output position along one axis: the two input positions it lies between, and the share of the second. */
interface Taps {
  low: Int32Array;
  high: Int32Array;
  share: Float64Array;
}

function axisTaps(from: number, to: number): Taps {
  const taps: Taps = { low: new Int32Array(to), high: new Int32Array(to), share: new Float64Array(to) };
  for (let i = 0; i < to; i++) {
    const centre = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const low = Math.floor(centre);
    taps.low[i] = low;
    taps.high[i] = Math.min(low + 1, from - 1);
    taps.share[i] = centre - low;
  }
  return taps;
}

/**
 * The map at another size: bilinear between half-pixel centres, x = (i + ½)·from/to − ½, clamped at the edges. That is
 * OpenCV's INTER_LINEAR on floats and `torch.nn.functional.interpolate(mode='bilinear', align_corners=False)`; like both
 * it does not antialias where it shrinks.
 * @param map [h, w]
 * @returns [H, W]
 * @throws InputError if `map` does not hold h·w values or a size is no positive integer
 */
export function bilinearResized(map: Float32Array, h: number, w: number, H: number, W: number): Float32Array {
  if (![h, w, H, W].every((size) => Number.isInteger(size) && size > 0)) {
    throw new InputError(`map: expected positive sizes; got ${h}×${w} to ${H}×${W}`);
  }
  if (map.length !== h * w) throw new InputError(`map: expected ${h}×${w} values; got ${map.length}`);
  const rows = axisTaps(h, H);
  const columns = axisTaps(w, W);
  const at = (y: number, x: number): number => map[y * w + x] ?? 0;
  const resized = new Float32Array(H * W);
  for (let y = 0; y < H; y++) {
    const [top, bottom, down] = [rows.low[y] ?? 0, rows.high[y] ?? 0, rows.share[y] ?? 0];
    for (let x = 0; x < W; x++) {
      const [left, right, across] = [columns.low[x] ?? 0, columns.high[x] ?? 0, columns.share[x] ?? 0];
      const above = (1 - across) * at(top, left) + across * at(top, right);
      const below = (1 - across) * at(bottom, left) + across * at(bottom, right);
      resized[y * W + x] = (1 - down) * above + down * below;
    }
  }
  return resized;
}
