/** @file Eigenvalues of symmetric matrices, without eigenvectors, in double precision. */

/**
 * The eigenvalues of a symmetric matrix [n, n], in no order: Householder's reduction, then the implicit QL method.
 * @param check called after every row of the reduction; it may throw to stop the computation
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number, check = () => {}): Float64Array {
  const { diagonal, off } = tridiagonalForm(matrix, n, check);
  return tridiagonalEigenvalues(diagonal, off);
}

/** The update of a symmetric matrix by a reflection: A ← A − u·qᵀ − q·uᵀ. */
interface Change {
  u: Float64Array;
  q: Float64Array;
}

/**
 * A tridiagonal matrix with the same eigenvalues (Golub & Van Loan 2013, algorithm 8.3.1, from the last row up). `off[i]`
 * couples `diagonal[i]` and `diagonal[i + 1]`. Only the lower triangle is stored. One pass applies a reflection and
 * multiplies the result by the vector of the next reflection.
 */
function tridiagonalForm(
  matrix: Float64Array,
  n: number,
  check: () => void,
): { diagonal: Float64Array; off: Float64Array } {
  const a = matrix.slice();
  const diagonal = new Float64Array(n);
  const off = new Float64Array(n);
  let [last, next] = [0, 1].map(() => ({ u: new Float64Array(n), q: new Float64Array(n) })) as [Change, Change];
  for (let k = n - 1; k >= 0; k--) {
    const row = a.subarray(k * n, k * n + k + 1);
    const [uk, qk] = [last.u[k] as number, last.q[k] as number];
    for (let j = 0; j <= k; j++) row[j] = (row[j] as number) - uk * (last.q[j] as number) - qk * (last.u[j] as number);
    diagonal[k] = row[k] as number;
    if (k === 0) break;
    const { u, q } = next;
    const { reflected, half } = setReflection(u, row.subarray(0, k));
    off[k - 1] = reflected;
    changeAndMultiply(a, n, k, last, next);
    // q = p − (uᵀp / 2h)·u with p = A·u / h
    let along = 0;
    for (let i = 0; i < k; i++) along += (q[i] as number) * (u[i] as number);
    for (let i = 0; i < k; i++) q[i] = ((q[i] as number) - (along / (2 * half)) * (u[i] as number)) / half;
    [last, next] = [next, last];
    check();
  }
  return { diagonal, off };
}

/**
 * Sets u so that I − uuᵀ/h maps a row to zeros followed by one number.
 * @returns that number, and h = uᵀu / 2, or 1 where u is zero
 */
function setReflection(u: Float64Array, row: Float64Array): { reflected: number; half: number } {
  const scale = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  u.fill(0);
  if (scale === 0) return { reflected: 0, half: 1 };
  let squares = 0;
  for (let i = 0; i < row.length; i++) {
    const value = (row[i] as number) / scale;
    u[i] = value;
    squares += value * value;
  }
  const end = u[row.length - 1] as number;
  const reflected = end > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
  u[row.length - 1] = end - reflected;
  return { reflected: scale * reflected, half: squares - end * reflected };
}

/**
 * Applies the last update to the leading k rows of A, and sets q = A·u for the next one. Rows are processed in pairs, which
 * is twice as fast. If k is odd, row k is processed too; it is finished, and its values are not read again.
 */
function changeAndMultiply(
  a: Float64Array,
  n: number,
  k: number,
  { u, q }: Change,
  { u: v, q: product }: Change,
): void {
  product.fill(0);
  for (let i = 0; i < k; i += 2) {
    const [first, second] = [i * n, (i + 1) * n];
    const [u0, q0, v0] = [u[i] as number, q[i] as number, v[i] as number];
    const [u1, q1, v1] = [u[i + 1] as number, q[i + 1] as number, v[i + 1] as number];
    let sum0 = 0;
    let sum1 = 0;
    for (let j = 0; j < i; j++) {
      const uj = u[j] as number;
      const qj = q[j] as number;
      const vj = v[j] as number;
      const x0 = (a[first + j] as number) - u0 * qj - q0 * uj;
      const x1 = (a[second + j] as number) - u1 * qj - q1 * uj;
      a[first + j] = x0;
      a[second + j] = x1;
      sum0 += x0 * vj;
      sum1 += x1 * vj;
      product[j] = (product[j] as number) + x0 * v0 + x1 * v1;
    }
    const upper = (a[first + i] as number) - 2 * u0 * q0;
    const beside = (a[second + i] as number) - u1 * q0 - q1 * u0;
    const lower = (a[second + i + 1] as number) - 2 * u1 * q1;
    a[first + i] = upper;
    a[second + i] = beside;
    a[second + i + 1] = lower;
    product[i] = (product[i] as number) + sum0 + upper * v0 + beside * v1;
    product[i + 1] = (product[i + 1] as number) + sum1 + beside * v0 + lower * v1;
  }
}

/** Eigenvalues of a tridiagonal matrix by QL with implicit shifts (Dubrulle, Martin & Wilkinson 1968); both arrays are overwritten. */
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
