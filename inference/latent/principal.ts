/** @file Principal directions of latents: a PCA of features, regressed back to the latents (GANSpace). */
import { Matrix } from 'ml-matrix';
import { InputError } from '../../onnx/errors.js';
import { orthonormalBasis, ritzVectors, startBasis } from '../numeric/decompositions/subspace.js';

/** Directions beyond those asked for, which makes the last of these exact too (Halko et al. 2011, section 4.2). */
const OVERSAMPLING = 10;
/** Products with the covariance; each separates neighbouring components further (Halko et al. 2011, algorithm 4.4). */
const ITERATIONS = 8;

/** A direction in the latent space. */
export interface PrincipalDirection {
  /** What one standard deviation along the component moves the latent by, [Z]. */
  direction: Float32Array;
  /** The component's share of the features' variance, 0…1. */
  share: number;
}

/** Multiplies the features' scatter matrix with a few vectors: Xᵀ(X·q), all row-major. */
export type ScatterProduct = (q: Float32Array, columns: number) => Promise<Float32Array>;

/**
 * The principal components of features and the latent directions that cause them (Härkönen et al. 2020, GANSpace,
 * section 3.1, for latents without a mapping network): with the coordinates x of each latent's features on the components,
 * U = argmin Σ‖U·x − z‖², and the direction of component k is column k of U times the standard deviation of x_k.
 * Components are found by subspace iteration; of the two signs the one that makes the largest number positive is taken.
 * @param latents [N, Z], standard normal
 * @param features [N, D], centred
 * @param count components wanted, less than N
 * @param scatter the product with the features' scatter matrix
 */
export async function principalDirections(
  latents: Float32Array,
  features: Float32Array,
  rows: number,
  count: number,
  scatter: ScatterProduct,
): Promise<PrincipalDirection[]> {
  const [latentDim, dim] = [latents.length / rows, features.length / rows];
  if (count > Math.min(dim, rows - 1)) {
    throw new InputError({ name: 'principal directions', expected: `at most ${Math.min(dim, rows - 1)}`, got: count });
  }
  const width = Math.min(count + OVERSAMPLING, dim, rows - 1);
  const product = async (basis: Matrix) =>
    Matrix.from1DArray(dim, width, await scatter(Float32Array.from(basis.to1DArray()), width));
  let basis = startBasis(dim, width);
  for (let i = 0; i < ITERATIONS; i++) basis = orthonormalBasis(await product(basis));
  const { values, vectors } = ritzVectors(basis, await product(basis));
  const total = features.reduce((sum, x) => sum + x * x, 0);
  return values.slice(0, count).map((scattered, k) => {
    const direction = regressed(latents, features, vectors.getColumn(k), latentDim);
    return { direction, share: total > 0 ? Math.max(scattered, 0) / total : 0 };
  });
}

/** The direction of one component: coordinates on different components are uncorrelated, so each is regressed alone. */
function regressed(
  latents: Float32Array,
  features: Float32Array,
  component: readonly number[],
  latentDim: number,
): Float32Array {
  const dim = component.length;
  const rows = features.length / dim;
  const sum = new Float64Array(latentDim);
  let scattered = 0;
  for (let row = 0; row < rows; row++) {
    let x = 0;
    for (let i = 0; i < dim; i++) x += (features[row * dim + i] as number) * (component[i] as number);
    scattered += x * x;
    for (let i = 0; i < latentDim; i++) sum[i] = (sum[i] as number) + x * (latents[row * latentDim + i] as number);
  }
  // U_k = Σ x·z / Σ x², times σ_k = √(Σ x² / N).
  const scale = scattered > 0 ? 1 / Math.sqrt(scattered * rows) : 0;
  const largest = sum.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return Float32Array.from(sum, (value) => value * scale * (largest < 0 ? -1 : 1));
}
