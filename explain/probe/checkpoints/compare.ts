/** @file How the maps of two checkpoints differ. */
import type { Explanation } from '../../maps/explanation.js';

/** The difference of two maps of one layer. */
export interface MapDifference {
  /** Each map divided by its largest value, the later subtracted from the earlier [rawHeight, rawWidth]: −1…1. */
  difference: Float32Array;
  /** Mean of its absolute values. */
  mean: number;
  /** Pearson's correlation of the maps; missing where one of them is constant. */
  correlation?: number;
}

/** @param a of the same sizes as `b` */
export function mapDifference(a: Explanation, b: Explanation): MapDifference {
  const [first, second] = [unitMap(a.raw), unitMap(b.raw)];
  const difference = first.map((value, at) => value - (second[at] as number));
  const correlation = correlationOf(first, second);
  return {
    difference,
    mean: difference.reduce((sum, value) => sum + Math.abs(value), 0) / difference.length,
    ...(correlation !== undefined && { correlation }),
  };
}

/** The map divided by its largest value; zero where it has none. */
function unitMap(map: Float32Array): Float32Array {
  const largest = map.reduce((a, b) => Math.max(a, b), 0);
  return map.map((value) => (largest > 0 && Number.isFinite(largest) ? value / largest : 0));
}

function correlationOf(a: Float32Array, b: Float32Array): number | undefined {
  const mean = (map: Float32Array) => map.reduce((sum, value) => sum + value, 0) / map.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [product, squaresA, squaresB] = [0, 0, 0];
  a.forEach((value, at) => {
    const [x, y] = [value - meanA, (b[at] as number) - meanB];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  });
  return squaresA > 0 && squaresB > 0 ? product / Math.sqrt(squaresA * squaresB) : undefined;
}
