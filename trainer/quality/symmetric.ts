/** @file Symmetric matrices in double precision: a Cholesky factor of any rank, and eigenvalues without eigenvectors. */

/** Columns of L with A = L·Lᵀ. */
export interface Factor {
  rank: number;
  /** Column k is `columns[k * n … (k + 1) * n]`. */
  columns: Float64Array;
}

/**
 * The Cholesky factor of a positive semi-definite matrix with complete pivoting (Higham 2002, section 10.3), which ends
 * where what is left is rounding error: as many columns as the matrix has rank.
 * @param matrix [n, n]
 */
export function choleskyFactor(matrix: Float64Array, n: number): Factor {
  const columns = new Float64Array(n * n);
  const left = Float64Array.from({ length: n }, (_, i) => matrix[i * n + i] as number);
  const negligible = n * Number.EPSILON * left.reduce((most, value) => Math.max(most, value), 0);
  let rank = 0;
  for (; rank < n; rank++) {
    const pivot = left.reduce((best, value, i) => (value > (left[best] as number) ? i : best), 0);
    if (!((left[pivot] as number) > negligible)) break;
    const column = columns.subarray(rank * n, (rank + 1) * n);
    column.set(matrix.subarray(pivot * n, (pivot + 1) * n));
    for (let k = 0; k < rank; k++) {
      const earlier = columns.subarray(k * n, (k + 1) * n);
      const factor = earlier[pivot] as number;
      for (let i = 0; i < n; i++) column[i] = (column[i] as number) - factor * (earlier[i] as number);
    }
    const root = Math.sqrt(left[pivot] as number);
    for (let i = 0; i < n; i++) {
      const value = (column[i] as number) / root;
      column[i] = value;
      left[i] = (left[i] as number) - value * value;
    }
    left[pivot] = 0;
  }
  return { rank, columns: columns.subarray(0, rank * n) };
}

/**
 * LᵀBL [r, r] of a factor L and a symmetric matrix B: it has the eigenvalues of L·Lᵀ·B that are not zero.
 * @param matrix [n, n]
 */
export function congruentMatrix({ rank, columns }: Factor, matrix: Float64Array, n: number): Float64Array {
  const product = new Float64Array(rank * rank);
  const image = new Float64Array(n);
  for (let k = 0; k < rank; k++) {
    const column = columns.subarray(k * n, (k + 1) * n);
    for (let i = 0; i < n; i++) image[i] = dot(matrix.subarray(i * n, (i + 1) * n), column);
    for (let j = 0; j <= k; j++) {
      product[j * rank + k] = product[k * rank + j] = dot(columns.subarray(j * n, (j + 1) * n), image);
    }
  }
  return product;
}

/** The eigenvalues of a symmetric matrix [n, n], in no order: Householder's reduction, then the implicit QL method. */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const { diagonal, off } = tridiagonalForm(matrix, n);
  return tridiagonalEigenvalues(diagonal, off);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/**
 * A tridiagonal matrix with the same eigenvalues (Golub & Van Loan 2013, algorithm 8.3.1, from the last row up).
 * `off[i]` stands beside `diagonal[i]` and `diagonal[i + 1]`.
 */
function tridiagonalForm(matrix: Float64Array, n: number): { diagonal: Float64Array; off: Float64Array } {
  const a = matrix.slice();
  const rowOf = (i: number) => a.subarray(i * n, i * n + i + 1);
  const off = new Float64Array(n);
  const image = new Float64Array(n);
  for (let k = n - 1; k >= 2; k--) {
    const u = a.subarray(k * n, k * n + k);
    const scale = u.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (scale === 0) continue;
    for (let i = 0; i < k; i++) u[i] = (u[i] as number) / scale;
    const last = u[k - 1] as number;
    const norm = Math.sqrt(dot(u, u));
    const reflected = last > 0 ? -norm : norm;
    off[k - 1] = scale * reflected;
    const half = norm * norm - last * reflected;
    u[k - 1] = last - reflected;
    // p = A·u / half over the leading k rows, of which the lower triangle is kept.
    image.fill(0, 0, k);
    for (let i = 0; i < k; i++) {
      const row = rowOf(i);
      const ui = u[i] as number;
      let sum = (row[i] as number) * ui;
      for (let j = 0; j < i; j++) {
        sum += (row[j] as number) * (u[j] as number);
        image[j] = (image[j] as number) + (row[j] as number) * ui;
      }
      image[i] = (image[i] as number) + sum;
    }
    let along = 0;
    for (let i = 0; i < k; i++) {
      image[i] = (image[i] as number) / half;
      along += (image[i] as number) * (u[i] as number);
    }
    for (let i = 0; i < k; i++) image[i] = (image[i] as number) - (along / (2 * half)) * (u[i] as number);
    // A ← A − u·qᵀ − q·uᵀ
    for (let i = 0; i < k; i++) {
      const row = rowOf(i);
      const [ui, qi] = [u[i] as number, image[i] as number];
      for (let j = 0; j <= i; j++) {
        row[j] = (row[j] as number) - ui * (image[j] as number) - qi * (u[j] as number);
      }
    }
  }
  if (n > 1) off[0] = a[n] as number;
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i] as number), off };
}

/** Eigenvalues of a tridiagonal matrix by QL with implicit shifts (Dubrulle, Martin & Wilkinson 1968); both arrays are used up. */
function tridiagonalEigenvalues(d: Float64Array, e: Float64Array): Float64Array {
  const n = d.length;
  const at = (values: Float64Array, i: number) => values[i] as number;
  for (let l = 0; l < n; l++) {
    for (;;) {
      let m = l;
      while (m < n - 1) {
        const size = Math.abs(at(d, m)) + Math.abs(at(d, m + 1));
        if (Math.abs(at(e, m)) <= Number.EPSILON * size || at(e, m) === 0) break;
        m++;
      }
      if (m === l) break;
      let g = (at(d, l + 1) - at(d, l)) / (2 * at(e, l));
      g = at(d, m) - at(d, l) + at(e, l) / (g + (g >= 0 ? 1 : -1) * Math.hypot(g, 1));
      let [s, c, p] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const [f, b] = [s * at(e, i), c * at(e, i)];
        const r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] = at(d, i + 1) - p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = at(d, i + 1) - p;
        const t = (at(d, i) - g) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
      }
      if (i >= l) continue;
      d[l] = at(d, l) - p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return d;
}
