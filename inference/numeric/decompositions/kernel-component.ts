/** @file The first component of kernel PCA over positions, with a sigmoid kernel, in double precision. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { combined, dot, extremeOf } from './principal-component.js';
import { startBasis } from './subspace.js';

/** Up to this many positions all eigenvectors are computed. */
const MAX_DENSE = 200;
const MAX_STEPS = 300;
/** Steps between two looks at how near the eigenvector is. */
const STRIDE = 10;
const TOLERANCE = 1e-10;

/**
 * Positions projected on the first principal component of kernel PCA (Schölkopf et al. 1998) with the kernel
 * tanh(x·y/K + 1), x and y positions whose channels have mean zero: `KernelPCA(1, kernel='sigmoid')` of scikit-learn. As
 * there, the sign is such that the largest magnitude is positive.
 * @param activations [K, H·W]
 * @returns [H·W]; zero everywhere for constant channels, NaN for activations that are not finite
 */
export function firstKernelComponent(activations: Float32Array, channels: number): Float32Array {
  const positions = activations.length / channels;
  if (!activations.every(Number.isFinite)) return new Float32Array(positions).fill(Number.NaN);
  const kernel = centredKernel(centredPositions(activations, channels, positions));
  const { value, vector } =
    positions <= MAX_DENSE ? denseLargest(kernel, positions) : lanczosLargest(kernel, positions);
  const scale = Math.sign(extremeOf(vector)) * Math.sqrt(Math.max(0, value));
  return Float32Array.from(vector, (each) => scale * each);
}

/** One row of channels per position; each channel has mean zero. */
function centredPositions(activations: Float32Array, channels: number, positions: number): Float64Array[] {
  const rows = Array.from({ length: positions }, () => new Float64Array(channels));
  for (let k = 0; k < channels; k++) {
    const own = activations.subarray(k * positions, (k + 1) * positions);
    let sum = 0;
    for (const value of own) sum += value;
    rows.forEach((row, at) => (row[k] = (own[at] as number) - sum / positions));
  }
  return rows;
}

/** tanh(x·y/K + 1) of all pairs of rows, with the mean of every row and column removed. */
function centredKernel(rows: readonly Float64Array[]): Float64Array {
  const count = rows.length;
  const kernel = new Float64Array(count * count);
  const means = new Float64Array(count);
  rows.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      const value = Math.tanh(dot(row, rows[j] as Float64Array) / row.length + 1);
      kernel[i * count + j] = value;
      kernel[j * count + i] = value;
    }
  });
  for (let i = 0; i < count; i++)
    means[i] = kernel.subarray(i * count, (i + 1) * count).reduce((sum, value) => sum + value, 0) / count;
  const mean = means.reduce((sum, value) => sum + value, 0) / count;
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++)
      kernel[i * count + j] = (kernel[i * count + j] as number) - (means[i] as number) - (means[j] as number) + mean;
  return kernel;
}

/** An eigenvector of length 1 and its eigenvalue. */
interface Eigenpair {
  value: number;
  vector: Float64Array;
}

/** The largest eigenvalue of a symmetric matrix [n, n]; others may be negative. */
function denseLargest(matrix: Float64Array, n: number): Eigenpair {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(Matrix.from1DArray(n, n, matrix), {
    assumeSymmetric: true,
  });
  // For symmetric matrices the eigenvalues are in ascending order.
  return { value: realEigenvalues[n - 1] ?? 0, vector: Float64Array.from(eigenvectorMatrix.getColumn(n - 1)) };
}

/** The same by Lanczos's method with full reorthogonalization (Golub & Van Loan 2013, section 10.3). */
function lanczosLargest(matrix: Float64Array, n: number): Eigenpair {
  const basis = [Float64Array.from(startBasis(n, 1).getColumn(0))];
  const [diagonal, off]: [number[], number[]] = [[], []];
  for (let step = 0; ; step++) {
    const last = basis[step] as Float64Array;
    const next = multiplied(matrix, last);
    diagonal.push(dot(next, last));
    // Twice, as rounding leaves a part of the first.
    for (let pass = 0; pass < 2; pass++)
      for (const vector of basis) {
        const along = dot(next, vector);
        for (let at = 0; at < n; at++) next[at] = (next[at] as number) - along * (vector[at] as number);
      }
    const length = Math.sqrt(dot(next, next));
    const isLast = step + 1 >= Math.min(MAX_STEPS, n) || length === 0;
    if (isLast || (step + 1) % STRIDE === 0) {
      const { value, vector } = tridiagonalLargest(diagonal, off);
      const residual = length * Math.abs(vector.at(-1) ?? 0);
      if (isLast || residual <= TOLERANCE * Math.abs(value)) return { value, vector: combined(basis, vector) };
    }
    off.push(length);
    basis.push(next.map((each) => each / length));
  }
}

function tridiagonalLargest(diagonal: readonly number[], off: readonly number[]): Eigenpair {
  const n = diagonal.length;
  const matrix = new Float64Array(n * n);
  diagonal.forEach((value, i) => (matrix[i * n + i] = value));
  off.slice(0, n - 1).forEach((value, i) => {
    matrix[i * n + i + 1] = value;
    matrix[(i + 1) * n + i] = value;
  });
  return denseLargest(matrix, n);
}

/** A·x of a matrix [n, n]. */
function multiplied(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  return Float64Array.from({ length: n }, (_, i) => dot(matrix.subarray(i * n, (i + 1) * n), vector));
}
