/** @file Arithmetic on symbolic sizes: products such as `4*batch`, kept as one coefficient and sorted symbols. */
import type { Dim, Shape } from './graph.js';

interface Monomial {
  coefficient: number;
  symbols: string[];
}

/** A missing size, as of an axis that a malformed graph does not have, makes the product NaN, which is no size. */
function monomial(dim: Dim | undefined): Monomial {
  if (typeof dim !== 'string') return { coefficient: dim ?? Number.NaN, symbols: [] };
  const factors = dim.split('*');
  const coefficient = /^\d+$/.test(factors[0] ?? '') ? Number(factors.shift()) : 1;
  return { coefficient, symbols: factors };
}

function dimOf({ coefficient, symbols }: Monomial): Dim {
  if (symbols.length === 0 || coefficient === 0) return coefficient;
  const product = symbols.toSorted().join('*');
  return coefficient === 1 ? product : `${coefficient}*${product}`;
}

/** The product of sizes; 1 for none. */
export function dimProduct(dims: readonly (Dim | undefined)[]): Dim {
  const parts = dims.map(monomial);
  return dimOf({
    coefficient: parts.reduce((product, part) => product * part.coefficient, 1),
    symbols: parts.flatMap((part) => part.symbols),
  });
}

/** `dividend / divisor`, or undefined where that is not a whole product of sizes. */
export function dimQuotient(dividend: Dim, divisor: Dim): Dim | undefined {
  const above = monomial(dividend);
  const below = monomial(divisor);
  if (below.coefficient === 0 || above.coefficient % below.coefficient !== 0) return undefined;
  const symbols = [...above.symbols];
  for (const symbol of below.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  return dimOf({ coefficient: above.coefficient / below.coefficient, symbols });
}

/** Whether every size is a number. */
export function isStatic(shape: Shape | undefined): shape is readonly number[] {
  return shape !== undefined && shape.every((dim) => typeof dim === 'number');
}

/** Whether both shapes are known and the same, symbol by symbol. */
export function sameShape(a: Shape | undefined, b: Shape | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** `axis` in 0…rank−1, for negative ones too. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
