/** @file Bilinear resizing of a map to the size of the picture it belongs to. */
import { InputError } from '../../onnx/errors.js';

/** A position along an axis of n values: 0 is the centre of the first, n − 1 the centre of the last. */
type Position = number;

/** The two neighbours of a position, and the weight of the second. Positions outside are clamped. */
function taps(position: Position, size: number): { low: number; high: number; share: number } {
  const inside = Math.min(size - 1, Math.max(0, position));
  const low = Math.floor(inside);
  return { low, high: Math.min(low + 1, size - 1), share: inside - low };
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
    throw new InputError({ name: 'map', expected: 'positive sizes', got: `${h}×${w} to ${H}×${W}` });
  }
  const positions = (from: number, to: number) => Array.from({ length: to }, (_, i) => ((i + 0.5) * from) / to - 0.5);
  return bilinearSampled(map, h, w, positions(h, H), positions(w, W));
}

/**
 * The map at a grid of positions, by bilinear interpolation.
 * @param map [h, w]
 * @param y positions of the rows
 * @param x positions of the columns
 * @returns [y.length, x.length]
 * @throws InputError if `map` does not hold h·w values
 */
export function bilinearSampled(
  map: Float32Array,
  h: number,
  w: number,
  y: readonly Position[],
  x: readonly Position[],
): Float32Array {
  if (map.length !== h * w) throw new InputError({ name: 'map', expected: `${h}×${w} values`, got: map.length });
  const [count, columns] = [x.length, x.map((position) => taps(position, w))];
  const left = Int32Array.from(columns, ({ low }) => low);
  const right = Int32Array.from(columns, ({ high }) => high);
  const across = Float64Array.from(columns, ({ share }) => share);
  const sampled = new Float32Array(y.length * count);
  // Plain loops over typed arrays: pictures have millions of pixels.
  y.forEach((position, row) => {
    const { low, high, share: down } = taps(position, h);
    const [above, below] = [low * w, high * w];
    for (let i = 0; i < count; i++) {
      const [l, r, share] = [left[i] as number, right[i] as number, across[i] as number];
      const upper = (1 - share) * (map[above + l] as number) + share * (map[above + r] as number);
      const lower = (1 - share) * (map[below + l] as number) + share * (map[below + r] as number);
      sampled[row * count + i] = (1 - down) * upper + down * lower;
    }
  });
  return sampled;
}
