/** @file The first principal component of activations over channels, in double precision. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { orthonormalBasis, ritzVectors, startBasis } from './subspace.js';

/** Size of the subspace: with several components, close eigenvalues do not slow down convergence. */
const WIDTH = 8;
const MAX_ITERATIONS = 50;
/** Convergence threshold: length of the change of the unit vector. */
const TOLERANCE = 1e-9;

/**
 * The sign of a component: `sum`: its product with the sum over channels is positive, so it is high where activations are;
 * `largest`: its largest magnitude is positive.
 */
export type ComponentSign = 'sum' | 'largest';

/**
 * Positions projected on the first right singular vector of the activations as a matrix [H·W, K] whose columns have mean
 * zero: `get_2d_projection` of pytorch-grad-cam. The sign of that vector is arbitrary in LAPACK; here it is as stated.
 * @param activations [K, H·W]
 * @returns [H·W]; zero everywhere for constant channels, NaN for activations that are not finite
 */
export function firstComponent(activations: Float32Array, channels: number, sign: ComponentSign = 'sum'): Float32Array {
  const positions = activations.length / channels;
  if (!activations.every(Number.isFinite)) return new Float32Array(positions).fill(Number.NaN);
  const rows = centredRows(activations, channels, positions);
  const { vector, singular } = leadingPositions(rows, positions);
  const along = sign === 'sum' ? rows.reduce((sum, row) => sum + dot(row, vector), 0) : extremeOf(vector);
  const scale = along < 0 ? -singular : singular;
  return Float32Array.from(vector, (value) => scale * value);
}

/** The value with the largest magnitude. */
export function extremeOf(values: Float64Array): number {
  return values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
}

/** One row of positions per channel, each with mean zero. */
function centredRows(activations: Float32Array, channels: number, positions: number): Float64Array[] {
  return Array.from({ length: channels }, (_, k) => {
    const row = Float64Array.from(activations.subarray(k * positions, (k + 1) * positions));
    const mean = row.reduce((sum, value) => sum + value, 0) / positions;
    for (let at = 0; at < positions; at++) row[at] = (row[at] as number) - mean;
    return row;
  });
}

/** The first left singular vector over positions, of length 1, and its singular value. */
function leadingPositions(
  rows: readonly Float64Array[],
  positions: number,
): { vector: Float64Array; singular: number } {
  // The smaller of the two Gram matrices has the same eigenvalues other than 0.
  const byChannels = rows.length < positions;
  const eigenvector = leadingEigenvector(byChannels ? gramOf(rows) : scatterOf(rows, positions));
  const vector = byChannels ? combined(rows, eigenvector) : eigenvector;
  const length = Math.sqrt(dot(vector, vector));
  const unit = length === 0 ? vector : vector.map((value) => value / length);
  return { vector: unit, singular: Math.sqrt(rows.reduce((sum, row) => sum + dot(row, unit) ** 2, 0)) };
}

/** Products of all pairs of rows [K, K]. */
function gramOf(rows: readonly Float64Array[]): Matrix {
  const gram = Matrix.zeros(rows.length, rows.length);
  rows.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      const product = dot(row, rows[j] as Float64Array);
      gram.set(i, j, product);
      gram.set(j, i, product);
    }
  });
  return gram;
}

/** Σ_k row_kᵀ·row_k [H·W, H·W]. */
function scatterOf(rows: readonly Float64Array[], positions: number): Matrix {
  const columns = Array.from({ length: positions }, (_, at) => Float64Array.from(rows, (row) => row[at] as number));
  return gramOf(columns);
}

/** Σ_k weight_k·row_k */
export function combined(rows: readonly Float64Array[], weights: Float64Array): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  rows.forEach((row, k) => {
    const weight = weights[k] as number;
    for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] as number) + weight * (row[at] as number);
  });
  return sum;
}

/**
 * By subspace iteration, or by the full eigendecomposition if close eigenvalues make the iteration slow.
 * @param matrix symmetric without negative eigenvalues
 */
function leadingEigenvector(matrix: Matrix): Float64Array {
  let basis = startBasis(matrix.rows, Math.min(WIDTH, matrix.rows));
  let vector = new Float64Array(matrix.rows);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const product = matrix.mmul(basis);
    const next = Float64Array.from(ritzVectors(basis, product).vectors.getColumn(0));
    if (distance(vector, next) < TOLERANCE) return next;
    vector = next;
    basis = orthonormalBasis(product);
  }
  const { eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  // For symmetric matrices the eigenvalues are in ascending order.
  return Float64Array.from(eigenvectorMatrix.getColumn(matrix.rows - 1));
}

/** Distance of two unit vectors, ignoring their signs. */
function distance(a: Float64Array, b: Float64Array): number {
  const sign = dot(a, b) < 0 ? -1 : 1;
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += ((a[i] as number) - sign * (b[i] as number)) ** 2;
  return Math.sqrt(squares);
}

/** The product of two vectors. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
