/** @file The first principal component of activations over channels, in double precision. */

const MAX_ITERATIONS = 20_000;
const TOLERANCE = 1e-13;

/**
 * Positions projected on the first right singular vector of the activations as a matrix [H·W, K] whose columns have mean
 * zero: `get_2d_projection` of pytorch-grad-cam. Its sign there is whatever LAPACK gives; here the projection has a
 * positive product with the sum over channels, so it is high where activations are.
 * @param activations [K, H·W]
 * @returns [H·W]; zero everywhere for constant channels, NaN for activations that are not finite
 */
export function firstComponent(activations: Float32Array, channels: number): Float32Array {
  const positions = activations.length / channels;
  if (!activations.every(Number.isFinite)) return new Float32Array(positions).fill(Number.NaN);
  const rows = centredRows(activations, channels, positions);
  const direction = channels <= positions ? leadingChannels(rows) : leadingPositions(rows);
  const sums = rows.reduce((total, row) => total.map((value, at) => value + (row[at] as number)));
  const sign = dot(direction, sums) < 0 ? -1 : 1;
  return Float32Array.from(direction, (value) => sign * value);
}

/** One row of positions per channel, each with mean zero. */
function centredRows(activations: Float32Array, channels: number, positions: number): Float64Array[] {
  return Array.from({ length: channels }, (_, k) => {
    const row = Float64Array.from(activations.subarray(k * positions, (k + 1) * positions));
    const mean = row.reduce((sum, value) => sum + value, 0) / positions;
    return row.map((value) => value - mean);
  });
}

/** The projection by the channels' covariance [K, K]: rowsᵀ·v for its leading eigenvector v. */
function leadingChannels(rows: readonly Float64Array[]): Float64Array {
  const v = leadingEigenvector(rows.map((a) => Float64Array.from(rows, (other) => dot(a, other))));
  const projection = new Float64Array(rows[0]?.length ?? 0);
  rows.forEach((row, k) => row.forEach((value, at) => (projection[at] = (projection[at] ?? 0) + (v[k] ?? 0) * value)));
  return projection;
}

/** The same by the positions' covariance [H·W, H·W], whose leading eigenvector is the projection divided by its length σ. */
function leadingPositions(rows: readonly Float64Array[]): Float64Array {
  const size = rows[0]?.length ?? 0;
  const covariance = Array.from({ length: size }, () => new Float64Array(size));
  for (const row of rows) {
    for (let i = 0; i < size; i++) {
      const target = covariance[i] as Float64Array;
      const factor = row[i] as number;
      for (let j = 0; j < size; j++) target[j] = (target[j] as number) + factor * (row[j] as number);
    }
  }
  const u = leadingEigenvector(covariance);
  const singular = Math.sqrt(rows.reduce((sum, row) => sum + dot(row, u) ** 2, 0));
  return u.map((value) => value * singular);
}

/** Power iteration on a symmetric matrix without negative eigenvalues, from its longest column on. */
function leadingEigenvector(matrix: readonly Float64Array[]): Float64Array {
  const longest = matrix.reduce((best, row) => (dot(row, row) > dot(best, best) ? row : best));
  let vector = unit(longest);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const next = unit(Float64Array.from(matrix, (row) => dot(row, vector)));
    const change = next.reduce((largest, value, at) => Math.max(largest, Math.abs(value - (vector[at] as number))), 0);
    vector = next;
    if (change < TOLERANCE) break;
  }
  return vector;
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
