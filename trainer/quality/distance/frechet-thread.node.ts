/** @file The thread of `frechetDistance`. */
import { serve } from '../../../inference/runtime/thread.node.js';
import { choleskyFactor } from '../../../inference/numeric/cholesky.node.js';
import { symmetricEigenvalues } from '../../../inference/numeric/decompositions/eigenvalues.js';
import type { Gaussian } from './feature-sums.js';
import type { ProductModels } from '../../../inference/numeric/gemm-f64-graphs.js';
import { Products } from '../../../inference/numeric/gemm-f64.node.js';

/** Start data of the thread. */
export interface FrechetStart {
  models: ProductModels;
  /** Set to 1 to cancel. */
  stopped: Int32Array;
}

/** The distributions to compare. */
export interface FrechetRequest {
  a: Gaussian;
  b: Gaussian;
}

await serve<FrechetStart, FrechetRequest>(async ({ models, stopped }) => {
  const check = () => {
    if (Atomics.load(stopped, 0) === 1) throw new Error('the distance is no longer wanted');
  };
  const products = await Products.create(models, check);
  return { ready: null, answer: async ({ a, b }) => ({ value: await distance(a, b, products, check) }) };
});

/**
 * With Σ₁ = RᵀR, the trace of the root of Σ₁Σ₂ is the sum of the square roots of the eigenvalues of RΣ₂Rᵀ, which is
 * symmetric. So no root of an asymmetric matrix is needed.
 */
async function distance(first: Gaussian, second: Gaussian, products: Products, check: () => void): Promise<number> {
  const n = first.mean.length;
  const factor = await choleskyFactor(first.covariance, n, products);
  const congruent = await products.congruent(factor, second.covariance);
  const eigenvalues = symmetricEigenvalues(congruent, factor.rows, check);
  let sum = -2 * eigenvalues.reduce((roots, value) => roots + Math.sqrt(Math.max(0, value)), 0);
  for (let i = 0; i < n; i++) {
    sum += ((first.mean[i] as number) - (second.mean[i] as number)) ** 2;
    sum += (first.covariance[i * n + i] as number) + (second.covariance[i * n + i] as number);
  }
  return sum;
}
