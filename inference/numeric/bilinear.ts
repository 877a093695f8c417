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
  const columns = x.map((position) => taps(position, w));
  const across = {
    left: Int32Array.from(columns, ({ low }) => low),
    right: Int32Array.from(columns, ({ high }) => high),
    share: Float64Array.from(columns, ({ share }) => share),
  };
  const sampled = new Float32Array(y.length * x.length);
  // Consecutive rows mostly lie between the same two rows of the map, so what lies across is kept.
  let [upper, lower] = [new Float64Array(x.length), new Float64Array(x.length)];
  let [upperRow, lowerRow] = [-1, -1];
  y.forEach((position, row) => {
    const { low, high, share } = taps(position, h);
    if (low === lowerRow) [upper, lower, upperRow, lowerRow] = [lower, upper, lowerRow, upperRow];
    if (low !== upperRow) sampleAcross(map, low * w, across, upper);
    if (high !== lowerRow) sampleAcross(map, high * w, across, lower);
    [upperRow, lowerRow] = [low, high];
    sampleDown(upper, lower, share, sampled, row * x.length);
  });
  return sampled;
}

/** The neighbours of all columns, and the share of the right one. */
interface Across {
  left: Int32Array;
  right: Int32Array;
  share: Float64Array;
}

/** A row of the map, from `start` on, at all columns. A loop of its own: pictures have millions of pixels. */
function sampleAcross(map: Float32Array, start: number, { left, right, share }: Across, into: Float64Array): void {
  for (let i = 0; i < into.length; i++) {
    const part = share[i] as number;
    into[i] =
      (1 - part) * (map[start + (left[i] as number)] as number) + part * (map[start + (right[i] as number)] as number);
  }
}

/** What lies between two rows. */
function sampleDown(upper: Float64Array, lower: Float64Array, share: number, into: Float32Array, start: number): void {
  const rest = 1 - share;
  for (let i = 0; i < upper.length; i++) {
    into[start + i] = rest * (upper[i] as number) + share * (lower[i] as number);
  }
}
