/** @file Bilinear resizing of a map to the size of the picture it belongs to. */
import { InputError } from '../../onnx/errors.js';

/** A position along an axis of n values, the middle of the first at 0, the middle of the last at n − 1. */
type Position = number;

/** The two values a position lies between, and the share of the second; positions outside count as the nearest inside. */
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
 * The map's values at a grid of places, bilinear between its own.
 * @param map [h, w]
 * @param y positions of the rows that are wanted
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
  const sampled = new Float32Array(y.length * x.length);
  const at = (line: number, column: number): number => map[line * w + column] ?? 0;
  let next = 0;
  for (const position of y) {
    const { low, high, share: down } = taps(position, h);
    for (const { low: left, high: right, share: across } of columns) {
      const above = (1 - across) * at(low, left) + across * at(low, right);
      const below = (1 - across) * at(high, left) + across * at(high, right);
      sampled[next++] = (1 - down) * above + down * below;
    }
  }
  return sampled;
}
