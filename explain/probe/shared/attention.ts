/** @file Where a map's attention is, in numbers. */
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import type { Explanation } from '../../maps/explanation.js';

/** Where the positive values of a map are, in the part of the picture that the network sees. */
export interface Attention {
  /** The centre of mass, as shares of width and height: 0 is left or top, 1 right or bottom. */
  x: number;
  y: number;
  /** Root of the mean squared distance from it, as a share of the longer side. */
  spread: number;
  /** The share inside a region; missing if there is none. */
  inside?: number;
}

/**
 * The attention of an explanation; undefined for an empty map.
 * @param region 1 inside [height, width] of the network's input
 */
export function attentionOf(explanation: Explanation, region?: Uint8Array): Attention | undefined {
  const { raw, rawHeight, rawWidth, height, width } = explanation;
  const map = bilinearResized(raw, rawHeight, rawWidth, height, width);
  let [all, sumX, sumY, sumSquares, inside] = [0, 0, 0, 0, 0];
  map.forEach((value, at) => {
    if (!(value > 0)) return;
    const [x, y] = [(at % width) + 0.5, Math.floor(at / width) + 0.5];
    all += value;
    sumX += value * x;
    sumY += value * y;
    sumSquares += value * (x * x + y * y);
    if (region?.[at] === 1) inside += value;
  });
  if (!(all > 0 && Number.isFinite(all))) return undefined;
  const [x, y] = [sumX / all, sumY / all];
  const variance = Math.max(0, sumSquares / all - x * x - y * y);
  return {
    x: x / width,
    y: y / height,
    spread: Math.sqrt(variance) / Math.max(width, height),
    ...(region && { inside: inside / all }),
  };
}
