/** @file Bilinear resizing of a map to the size of the picture it belongs to. */
import { InputError } from '../../onnx/errors.js';

/** A position along an axis of n values: 0 is the centre of the first, n − 1 the centre of the last. */
type Position = number;

/** The two neighbours of each position, and the weight of the second. */
interface Taps {
  low: Int32Array;
  high: Int32Array;
  share: Float64Array;
}

/** The neighbours of positions among `size` values. Positions outside are clamped. */
function tapsOf(positions: ArrayLike<Position>, size: number): Taps {
  const { length } = positions;
  const taps = { low: new Int32Array(length), high: new Int32Array(length), share: new Float64Array(length) };
  for (let i = 0; i < length; i++) {
    const inside = Math.min(size - 1, Math.max(0, positions[i] as number));
    const low = Math.floor(inside);
    taps.low[i] = low;
    taps.high[i] = Math.min(low + 1, size - 1);
    taps.share[i] = inside - low;
  }
  return taps;
}

/** The positions of `to` half-pixel centres among `from` values. */
function centres(from: number, to: number): Float64Array {
  const positions = new Float64Array(to);
  for (let i = 0; i < to; i++) positions[i] = ((i + 0.5) * from) / to - 0.5;
  return positions;
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
  return bilinearSampled(map, h, w, centres(h, H), centres(w, W));
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
  y: ArrayLike<Position>,
  x: ArrayLike<Position>,
): Float32Array {
  if (map.length !== h * w) throw new InputError({ name: 'map', expected: `${h}×${w} values`, got: map.length });
  const [down, across] = [tapsOf(y, h), tapsOf(x, w)];
  const sampled = new Float32Array(y.length * x.length);
  // Consecutive rows mostly lie between the same two rows of the map, so what lies across is kept.
  let [upper, lower] = [new Float64Array(x.length), new Float64Array(x.length)];
  let [upperRow, lowerRow] = [-1, -1];
  for (let row = 0; row < y.length; row++) {
    const [low, high] = [down.low[row] as number, down.high[row] as number];
    if (low === lowerRow) [upper, lower, upperRow, lowerRow] = [lower, upper, lowerRow, upperRow];
    if (low !== upperRow) sampleAcross(map, low * w, across, upper);
    if (high !== lowerRow) sampleAcross(map, high * w, across, lower);
    [upperRow, lowerRow] = [low, high];
    sampleDown(upper, lower, down.share[row] as number, sampled, row * x.length);
  }
  return sampled;
}

/** A row of the map, from `start` on, at all columns. A loop of its own: pictures have millions of pixels. */
function sampleAcross(map: Float32Array, start: number, { low, high, share }: Taps, into: Float64Array): void {
  for (let i = 0; i < into.length; i++) {
    const part = share[i] as number;
    into[i] =
      (1 - part) * (map[start + (low[i] as number)] as number) + part * (map[start + (high[i] as number)] as number);
  }
}

/** What lies between two rows. */
function sampleDown(upper: Float64Array, lower: Float64Array, share: number, into: Float32Array, start: number): void {
  const rest = 1 - share;
  for (let i = 0; i < upper.length; i++) {
    into[start + i] = rest * (upper[i] as number) + share * (lower[i] as number);
  }
}
