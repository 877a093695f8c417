/** @file The strongest directions of a region: singular vectors of its Jacobian. */
import { Matrix } from 'ml-matrix';
import { orthonormalBasis, ritzVectors, startBasis } from '../../../inference/numeric/decompositions/subspace.js';

/** Latents of at most so many numbers have an explicit JᵀJ: exact, in as many products as there are numbers. */
export const MOST_EXPLICIT = 256;
/** Columns of subspace iteration beyond those that are wanted, and its rounds. */
const OVERSAMPLED = 6;
const ROUNDS = 12;

/** A direction of the latent, and how fast the region changes along it. */
export interface RegionDirection {
  /** ‖J d‖: the change of the region's numbers (0…1) for one unit of the latent. */
  strength: number;
  /** Unit vector [Z]. */
  direction: Float32Array;
}

/** Rows of vectors in, the product of each with JᵀJ out. */
export type NormalProduct = (rows: readonly Float32Array[]) => Promise<Float32Array[]>;

/**
 * The right singular vectors of the Jacobian J with the largest singular values: eigenvectors of JᵀJ, which is made explicit
 * where the latent is short, else by subspace iteration (Halko et al. 2011, algorithm 4.4).
 * @param size Z
 * @param count at most Z
 */
export async function strongestDirections(
  product: NormalProduct,
  size: number,
  count: number,
): Promise<{ directions: RegionDirection[]; how: string }> {
  const times = async (basis: Matrix): Promise<Matrix> => {
    const columns = Array.from({ length: basis.columns }, (_, k) => Float32Array.from(basis.getColumn(k)));
    const made = await product(columns);
    return new Matrix(made.map((row) => Array.from(row))).transpose();
  };
  const explicit = size <= MOST_EXPLICIT;
  let basis = explicit ? Matrix.eye(size) : startBasis(size, Math.min(size, count + OVERSAMPLED));
  let image = await times(basis);
  for (let round = 0; !explicit && round < ROUNDS; round++) {
    basis = orthonormalBasis(image);
    image = await times(basis);
  }
  const { values, vectors } = ritzVectors(basis, image);
  const directions = values.slice(0, count).map((value, k) => ({
    strength: Math.sqrt(Math.max(0, value)),
    direction: Float32Array.from(vectors.getColumn(k)),
  }));
  return { directions, how: explicit ? 'from the whole JᵀJ' : `by ${ROUNDS} rounds of subspace iteration` };
}
