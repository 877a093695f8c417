/**
 * @file Arithmetic on symbolic sizes: products such as `4*batch`, kept as one coefficient and sorted symbols. Equal symbols are equal
 * sizes. A symbol is a word, a text in quotes, a size of a value (`x:0`), or in braces what a size is computed from, rounded down
 * (`{{H+1}/2}`).
 */
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

/** The sum of sizes, such as `{N+1}`. */
export function dimSum(dims: readonly Dim[]): Dim {
  const counts = new Map<string, number>();
  let number = 0;
  for (const { coefficient, symbols } of dims.map(monomial)) {
    const product = symbols.toSorted().join('*');
    if (product === '') number += coefficient;
    else counts.set(product, (counts.get(product) ?? 0) + coefficient);
  }
  const products = [...counts.keys()].toSorted().map((product) => dimProduct([counts.get(product), product]));
  if (products.length === 0 || Number.isNaN(number)) return number;
  if (products.length === 1 && number === 0) return products[0] as Dim;
  return computedSize(`${products.join('+')}${number < 0 ? number : number > 0 ? `+${number}` : ''}`);
}

/** `dividend / divisor`, rounded down. */
export function dimFloor(dividend: Dim, divisor: number): Dim {
  if (typeof dividend === 'number') return Math.floor(dividend / divisor);
  return dimQuotient(dividend, divisor) ?? computedSize(`${dividend}/${divisor}`);
}

/** `size * factor`, rounded down; the factor may be a fraction. */
export function dimScaled(size: Dim, factor: number): Dim {
  if (typeof size === 'number') return Math.floor(Math.fround(size * factor));
  return Number.isInteger(factor) && factor > 0 ? dimProduct([size, factor]) : computedSize(`${factor}*${size}`);
}

/** One symbol for what a size is computed from. Products in it are not to be divided. */
const computedSize = (expression: string): string => `{${expression.replaceAll('*', '·')}}`;

/** A symbol that a file names: a word or product as it is, any other text, such as `s0 + 1`, in quotes. */
export function namedSize(text: string): string {
  return /^(\d+\*)?[A-Za-z_]\w*(\*[A-Za-z_]\w*)*$/.test(text) ? text : quoted(text);
}

/** A symbol for a size that nothing is known of. */
export function openSize(value: string, axis: number | string): string {
  const short = shortened(value);
  return `${/^[A-Za-z_]\w*$/.test(short) ? short : quoted(short)}:${axis}`;
}

function quoted(text: string): string {
  const escaped = text.replaceAll(/['%*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  return `'${escaped}'`;
}

/** A long text by its ends and a hash of all of it. */
function shortened(text: string): string {
  if (text.length <= 128) return text;
  let [first, second] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    first = Math.imul(first ^ text.charCodeAt(at), 0x9e3779b1);
    second = Math.imul(second ^ text.charCodeAt(at), 0x5f356495);
  }
  return `${text.slice(0, 48)}…${first >>> 0}…${second >>> 0}…${text.slice(-48)}`;
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
