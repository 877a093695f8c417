/** @file A Cholesky factor of any rank, in double precision. */
import type { Matrix, Products } from './gemm-f64.node.js';

/** Rows per panel. */
const PANEL = 64;

/**
 * R [rank, n] with A = RᵀR of a positive semi-definite matrix A [n, n]: Cholesky's method with complete pivoting (Higham
 * 2002, section 10.3). It stops when the remainder is rounding error. Rows are computed in panels; the matrix is updated
 * once per panel.
 */
export async function choleskyFactor(matrix: Float64Array, n: number, products: Products): Promise<Matrix> {
  const rest = matrix.slice();
  const diagonal = Float64Array.from({ length: n }, (_, i) => matrix[i * n + i] as number);
  const negligible = n * Number.EPSILON * diagonal.reduce((most, value) => Math.max(most, value), 0);
  const data = new Float64Array(n * n);
  const rowsOf = (start: number, end: number) => data.subarray(start * n, end * n);
  let panel = 0;
  let rank = 0;
  for (; rank < n; rank++) {
    const pivot = diagonal.reduce((best, value, i) => (value > (diagonal[best] as number) ? i : best), 0);
    if (!((diagonal[pivot] as number) > negligible)) break;
    if (rank === panel + PANEL) {
      const explained = await products.gram({ rows: PANEL, columns: n, data: rowsOf(panel, rank) });
      for (let i = 0; i < rest.length; i++) rest[i] = (rest[i] as number) - (explained[i] as number);
      panel = rank;
    }
    const row = rowsOf(rank, rank + 1);
    row.set(rest.subarray(pivot * n, (pivot + 1) * n));
    for (let k = panel; k < rank; k++) subtract(row, rowsOf(k, k + 1), data[k * n + pivot] as number);
    const root = Math.sqrt(diagonal[pivot] as number);
    for (let i = 0; i < n; i++) {
      const value = (row[i] as number) / root;
      row[i] = value;
      diagonal[i] = (diagonal[i] as number) - value * value;
    }
    diagonal[pivot] = 0;
  }
  return { rows: rank, columns: n, data: rowsOf(0, rank) };
}

/** row ← row − factor·earlier */
function subtract(row: Float64Array, earlier: Float64Array, factor: number): void {
  for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) - factor * (earlier[i] as number);
}
