/** @file Linear equations with a symmetric, positive matrix. */

/** Share of the mean diagonal that is added to it, so that a matrix without full rank has a solution. */
const DAMPING = 1e-12;

/**
 * x of A·x = b for each b, by Cholesky's decomposition A = L·Lᵀ.
 * @param matrix A [n, n], symmetric and positive (semi)definite
 */
export function solvedSymmetric(matrix: Float64Array, rights: readonly Float64Array[]): Float64Array[] {
  const n = Math.round(Math.sqrt(matrix.length));
  const factor = choleskyFactor(matrix, n);
  return rights.map((right) => {
    const x = right.slice();
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) x[i] = (x[i] as number) - (factor[i * n + k] as number) * (x[k] as number);
      x[i] = (x[i] as number) / (factor[i * n + i] as number);
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) x[i] = (x[i] as number) - (factor[k * n + i] as number) * (x[k] as number);
      x[i] = (x[i] as number) / (factor[i * n + i] as number);
    }
    return x;
  });
}

/** L [n, n] of A = L·Lᵀ. */
function choleskyFactor(matrix: Float64Array, n: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i] as number;
  const damping = (DAMPING * trace) / n || DAMPING;
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = (matrix[i * n + j] as number) + (i === j ? damping : 0);
      for (let k = 0; k < j; k++) sum -= (factor[i * n + k] as number) * (factor[j * n + k] as number);
      factor[i * n + j] = i === j ? Math.sqrt(Math.max(sum, damping)) : sum / (factor[j * n + j] as number);
    }
  }
  return factor;
}
