/** @file The Fréchet distance between two normal distributions. */
import { InputError } from '../../onnx/errors.js';
import type { Gaussian } from './moments.js';
import { choleskyFactor, congruentMatrix, symmetricEigenvalues } from './symmetric.js';

/** Below so many samples the distance says more about their number than about the pictures, and is not given. */
export const LEAST_SAMPLES = 2048;

/**
 * |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), the squared Fréchet distance (Dowson & Landau 1982), in the feature space of
 * Inception known as FID (Heusel et al. 2017, eq. 6). With Σ₁ = LLᵀ, the trace of the root is the sum of the square
 * roots of the eigenvalues of LᵀΣ₂L, which is symmetric: no root of a matrix that is not symmetric is needed.
 * @throws InputError if the two have different numbers of features
 */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
  const n = a.mean.length;
  if (n !== b.mean.length) throw new InputError(`features: expected ${n} per picture; got ${b.mean.length}`);
  const factor = choleskyFactor(a.covariance, n);
  const eigenvalues = symmetricEigenvalues(congruentMatrix(factor, b.covariance, n), factor.rank);
  let distance = -2 * eigenvalues.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  for (let i = 0; i < n; i++) {
    distance += ((a.mean[i] as number) - (b.mean[i] as number)) ** 2;
    distance += (a.covariance[i * n + i] as number) + (b.covariance[i * n + i] as number);
  }
  return distance;
}
