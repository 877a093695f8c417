/** @file The normal distribution that fits features, in double precision. */
import type { Features } from './features.js';
import type { Products } from '../../inference/numeric/gemm-f64.node.js';

/** A normal distribution. */
export interface Gaussian {
  /** [D] */
  mean: Float64Array;
  /** [D, D], symmetric, with divisor N − 1 as numpy's `cov`. */
  covariance: Float64Array;
}

/** Rows per block of centring. */
const BLOCK = 2048;

/** Mean and covariance of two samples or more, all finite. */
export async function fittedGaussian({ size, data }: Features, products: Products): Promise<Gaussian> {
  const count = data.length / size;
  const mean = columnSums(data, size).map((sum) => sum / count);
  const covariance = new Float64Array(size * size);
  for (let start = 0; start < count; start += BLOCK) {
    const rows = Math.min(BLOCK, count - start);
    const centred = new Float64Array(data.subarray(start * size, (start + rows) * size));
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < size; i++)
        centred[row * size + i] = (centred[row * size + i] as number) - (mean[i] as number);
    }
    const squares = await products.gram({ rows, columns: size, data: centred });
    for (let i = 0; i < squares.length; i++) {
      covariance[i] = (covariance[i] as number) + (squares[i] as number) / (count - 1);
    }
  }
  return { mean, covariance };
}

function columnSums(data: Float32Array, size: number): Float64Array {
  const sums = new Float64Array(size);
  for (let start = 0; start < data.length; start += size) {
    for (let i = 0; i < size; i++) sums[i] = (sums[i] as number) + (data[start + i] as number);
  }
  return sums;
}
