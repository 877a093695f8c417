/** @file Sums of features that merge: count, Σx and Σ(x − mean)(x − mean)ᵀ in double precision. */
import type { Features } from './features.js';

/** Sums over some samples. */
export interface FeatureSums {
  count: number;
  /** Σx [D] */
  sum: Float64Array;
  /** Σ(x − mean)(x − mean)ᵀ around the mean of these samples [D, D]: Σxxᵀ without its cancellation. */
  scatter: Float64Array;
}

/** A normal distribution. */
export interface Gaussian {
  /** [D] */
  mean: Float64Array;
  /** [D, D], symmetric, with divisor N − 1 as numpy's `cov`. */
  covariance: Float64Array;
}

/** XᵀX [D, D] of a matrix [rows, D]. */
export type Gram = (x: { rows: number; columns: number; data: Float64Array }) => Promise<Float64Array>;

/** The sums of one block of samples, which must fit into memory in double precision. */
export async function blockSums({ size, data }: Features, gram: Gram): Promise<FeatureSums> {
  const count = data.length / size;
  const sum = new Float64Array(size);
  for (let start = 0; start < data.length; start += size)
    for (let i = 0; i < size; i++) sum[i] = (sum[i] as number) + (data[start + i] as number);
  const centred = new Float64Array(data);
  for (let start = 0; start < data.length; start += size)
    for (let i = 0; i < size; i++) centred[start + i] = (centred[start + i] as number) - (sum[i] as number) / count;
  const scatter = count > 0 ? await gram({ rows: count, columns: size, data: centred }) : new Float64Array(size ** 2);
  return { count, sum, scatter: scatterOf(upperTriangle(scatter, size), size) };
}

/** The upper triangle of a matrix [D, D], row by row: [D(D + 1)/2]. */
export function upperTriangle(matrix: Float64Array, size: number): Float64Array {
  const triangle = new Float64Array((size * (size + 1)) / 2);
  for (let row = 0, at = 0; row < size; at += size - row++)
    triangle.set(matrix.subarray(row * size + row, (row + 1) * size), at);
  return triangle;
}

/** The symmetric matrix [D, D] with this upper triangle. */
export function scatterOf(triangle: Float64Array, size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let row = 0, at = 0; row < size; row++) {
    for (let column = row; column < size; column++) {
      const value = triangle[at++] as number;
      matrix[row * size + column] = value;
      matrix[column * size + row] = value;
    }
  }
  return matrix;
}

/**
 * The sums of the samples of both (Chan, Golub & LeVeque 1983, eq. 2.1): `into` is changed where it is given. Sums that are
 * merged in the same order have the same digits.
 */
export function mergedSums(into: FeatureSums | undefined, part: FeatureSums): FeatureSums {
  if (into === undefined || into.count === 0) return { ...part, sum: part.sum.slice(), scatter: part.scatter.slice() };
  if (part.count === 0) return into;
  const size = into.sum.length;
  const apart = into.sum.map((sum, i) => (part.sum[i] as number) / part.count - sum / into.count);
  const weight = (into.count * part.count) / (into.count + part.count);
  for (let row = 0; row < size; row++) {
    const factor = weight * (apart[row] as number);
    for (let i = 0; i < size; i++) {
      const at = row * size + i;
      into.scatter[at] = (into.scatter[at] as number) + (part.scatter[at] as number) + factor * (apart[i] as number);
    }
  }
  for (let i = 0; i < size; i++) into.sum[i] = (into.sum[i] as number) + (part.sum[i] as number);
  into.count += part.count;
  return into;
}

/** The normal distribution that fits two samples or more. */
export function gaussianOf({ count, sum, scatter }: FeatureSums): Gaussian {
  return { mean: sum.map((value) => value / count), covariance: scatter.map((value) => value / (count - 1)) };
}
