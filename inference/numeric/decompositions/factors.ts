/** @file Non-negative matrix factorization: X ≈ W·H, by coordinate descent in double precision. */
import { Matrix } from 'ml-matrix';
import { InputError } from '../../../onnx/errors.js';
import { orthonormalBasis, ritzVectors, startBasis } from './subspace.js';

/** Two factors without negative numbers. */
export interface Factors {
  /** W [rows, parts]: how much of each part is in a row. */
  coefficients: Matrix;
  /** H [parts, columns]: the parts. */
  parts: Matrix;
}

const ROUNDS = 200;
const TOLERANCE = 1e-4;

/** When the descent ends. */
export interface FactorOptions {
  /** Largest number of rounds, default 200. */
  rounds?: number;
  /** It ends where the sum of projected gradients is this share of the first round's, default 1e-4. */
  tolerance?: number;
  /** Called after every round, from 1; it may throw to stop. */
  check?: (round: number) => void | Promise<void>;
}

/**
 * min ‖X − W·H‖² with W, H ≥ 0 by coordinate descent (Cichocki and Phan 2009, fast HALS), in the order and with the end of
 * scikit-learn's `NMF(solver='cd', shuffle=False)`.
 * @param x [rows, columns] without negative numbers
 * @param start both factors; they are not changed
 */
export async function nonNegativeFactors(
  x: Matrix,
  start: Factors,
  { rounds = ROUNDS, tolerance = TOLERANCE, check }: FactorOptions = {},
): Promise<Factors> {
  const w = start.coefficients.clone();
  const ht = start.parts.transpose();
  const xt = x.transpose();
  const isEnd = endRule(tolerance);
  for (let round = 1; round <= rounds; round++) {
    const violation = descend(w, ht, x) + descend(ht, w, xt);
    await check?.(round);
    if (isEnd(violation)) break;
  }
  return { coefficients: w, parts: ht.transpose() };
}

/**
 * The coefficients W ≥ 0 that bring W·H nearest to X for given parts: the same descent, from zeros, without changing H.
 * @param x [rows, columns]
 * @param parts H [parts, columns]
 */
export function coefficientsOf(
  x: Matrix,
  parts: Matrix,
  { rounds = ROUNDS, tolerance = TOLERANCE }: Omit<FactorOptions, 'check'> = {},
): Matrix {
  const w = Matrix.zeros(x.rows, parts.rows);
  const ht = parts.transpose();
  const products = productsOf(ht, x);
  const isEnd = endRule(tolerance);
  for (let round = 1; round <= rounds; round++) if (isEnd(descendWith(w, products))) break;
  return w;
}

/** Whether the sum of projected gradients of a round is small beside that of the first round, for one round after the other. */
function endRule(tolerance: number): (violation: number) => boolean {
  let first: number | undefined;
  return (violation) => {
    first ??= violation;
    return violation <= tolerance * first;
  };
}

interface Products {
  /** HHᵀ [parts, parts] */
  gram: Matrix;
  /** X·Hᵀ [rows, parts] */
  along: Matrix;
}

const productsOf = (ht: Matrix, x: Matrix): Products => ({ gram: ht.transpose().mmul(ht), along: x.mmul(ht) });

/** One round over W for fixed H. @returns the sum of the sizes of projected gradients */
function descend(w: Matrix, ht: Matrix, x: Matrix): number {
  return descendWith(w, productsOf(ht, x));
}

function descendWith(w: Matrix, { gram, along }: Products): number {
  let violation = 0;
  for (let part = 0; part < w.columns; part++) {
    const curvature = gram.get(part, part);
    for (let row = 0; row < w.rows; row++) {
      const own = w.get(row, part);
      let gradient = -along.get(row, part);
      for (let other = 0; other < w.columns; other++) gradient += gram.get(part, other) * w.get(row, other);
      violation += Math.abs(own === 0 ? Math.min(0, gradient) : gradient);
      if (curvature !== 0) w.set(row, part, Math.max(own - gradient / curvature, 0));
    }
  }
  return violation;
}

/** Rounds of subspace iteration, and columns beyond the wanted ones. */
const ITERATIONS = 20;
const SPARE = 8;

/**
 * Factors to start from: non-negative double singular value decomposition, with the mean of X in the place of zeros (NNDSVDa;
 * Boutsidis and Gallopoulos 2008). Always the same for the same X.
 * @param x [rows, columns] without negative numbers
 * @param check called now and then; it may throw to stop
 * @throws InputError for more parts than rows or columns, or if X is zero
 */
export async function startFactors(x: Matrix, parts: number, check?: () => void | Promise<void>): Promise<Factors> {
  const most = Math.min(x.rows, x.columns);
  if (!Number.isInteger(parts) || parts < 1 || parts > most)
    throw new InputError({ name: 'parts', expected: `an integer of 1…${most}`, got: parts });
  const mean = x.mean();
  if (!(mean > 0)) throw new InputError({ name: 'x', expected: 'numbers above zero', got: 'none' });
  const { left, values, right } = await leadingSingular(x, parts, check);
  const coefficients = Matrix.zeros(x.rows, parts);
  const h = Matrix.zeros(parts, x.columns);
  for (let part = 0; part < parts; part++) {
    const [u, v] = [left.getColumn(part), right.getColumn(part)];
    const [positive, negative] = [1, -1].map((sign) => {
      const [a, b] = [u, v].map((vector) => vector.map((value) => Math.max(0, sign * value))) as [number[], number[]];
      const [lengthA, lengthB] = [a, b].map((vector) =>
        Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)),
      ) as [number, number];
      return { a, b, lengthA, lengthB, product: lengthA * lengthB };
    }) as [Side, Side];
    const side = positive.product > negative.product ? positive : negative;
    const scale = Math.sqrt((values[part] as number) * side.product);
    const filled = (vector: number[], length: number) =>
      vector
        .map((value) => (length === 0 ? 0 : (scale * value) / length))
        .map((value) => (value < 1e-6 ? mean : value));
    coefficients.setColumn(part, filled(side.a, side.lengthA));
    h.setRow(part, filled(side.b, side.lengthB));
  }
  return { coefficients, parts: h };
}

interface Side {
  a: number[];
  b: number[];
  lengthA: number;
  lengthB: number;
  product: number;
}

/** The largest singular values and their vectors, one per column (Halko et al. 2011, algorithm 4.4). */
async function leadingSingular(
  x: Matrix,
  count: number,
  check?: () => void | Promise<void>,
): Promise<{ left: Matrix; values: number[]; right: Matrix }> {
  const xt = x.transpose();
  let basis = startBasis(x.columns, Math.min(count + SPARE, x.rows, x.columns));
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    basis = orthonormalBasis(xt.mmul(x.mmul(basis)));
    await check?.();
  }
  const { values, vectors } = ritzVectors(basis, xt.mmul(x.mmul(basis)));
  const singular = values.slice(0, count).map((value) => Math.sqrt(Math.max(0, value)));
  const right = vectors.subMatrix(0, x.columns - 1, 0, count - 1);
  const left = x.mmul(right);
  singular.forEach((value, at) => left.mulColumn(at, value === 0 ? 0 : 1 / value));
  return { left, values: singular, right };
}
