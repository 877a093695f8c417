/** @file Leading eigenvectors of a symmetric matrix that is known only through its products: subspace iteration. */
import { EigenvalueDecomposition, Matrix, QrDecomposition } from 'ml-matrix';
import { Random } from '../random.js';

/** Approximate eigenvectors of a symmetric matrix [n, n]. */
export interface RitzVectors {
  /** Descending. */
  values: number[];
  /** Vector k is column k of [n, columns]. */
  vectors: Matrix;
}

/** Normally distributed columns [n, columns] to start from; always the same. */
export function startBasis(n: number, columns: number): Matrix {
  const random = new Random(0);
  const data = Float32Array.from({ length: n * columns }, () => random.normal());
  return orthonormalBasis(Matrix.from1DArray(n, columns, data));
}

/** Orthonormal columns that span the same space. */
export function orthonormalBasis(columns: Matrix): Matrix {
  return new QrDecomposition(columns).orthogonalMatrix;
}

/**
 * The eigenvectors of the matrix within a subspace (Rayleigh–Ritz; Halko et al. 2011, section 5.1).
 * @param basis orthonormal columns Q
 * @param product A·Q
 */
export function ritzVectors(basis: Matrix, product: Matrix): RitzVectors {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(basis.transpose().mmul(product), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, k) => k)
    .toSorted((a, b) => (realEigenvalues[b] as number) - (realEigenvalues[a] as number));
  return {
    values: order.map((k) => realEigenvalues[k] as number),
    vectors: basis.mmul(eigenvectorMatrix.subMatrixColumn(order)),
  };
}
