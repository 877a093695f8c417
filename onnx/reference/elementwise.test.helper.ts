/** @file Operators that work element by element, in float64. */
import { numberAttribute, stringAttribute } from '../graph/attributes.js';
import { positiveAxis } from '../graph/dims.js';
import type { Node } from '../graph/graph.js';
import { broadcast, broadcastDims, type NdArray } from './array.test.helper.js';
import type { Kernel } from './evaluate.test.helper.js';

type Unary = (x: number, node: Node) => number;

const mapped =
  (of: Unary): Kernel =>
  (node, [x]) => [{ ...(x as NdArray), data: (x as NdArray).data.map((value) => of(value, node)) }];

const combined =
  (of: (...values: number[]) => number, whole?: boolean): Kernel =>
  (_node, inputs) => {
    const dims = broadcastDims(...inputs.map((input) => (input as NdArray).dims));
    const all = inputs.map((input) => broadcast(input as NdArray, dims));
    const data = (all[0] as NdArray).data.map((_, at) => of(...all.map((each) => each.data[at] as number)));
    return [{ dims, data, whole: whole ?? all.every((each) => each.whole === true) }];
  };

const number = (node: Node, name: string, fallback: number) => numberAttribute(node, name, fallback);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Abramowitz and Stegun 7.1.5 (series) for small x, and the continued fraction 7.1.14 for large: full precision. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 2.5) {
    let [term, sum] = [size, size];
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum) && n < 200; n++) {
      term *= -(size * size) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * (size + fraction)));
}

/** Quotients of integers are truncated. */
const quotient: Kernel = (node, inputs) => {
  const whole = inputs.every((input) => input?.whole === true);
  return combined((x, y) => (whole ? Math.trunc((x as number) / (y as number)) : (x as number) / (y as number)))(
    node,
    inputs,
  );
};

const cast: Kernel = (node, [x]) => {
  const to = number(node, 'to', 1);
  const [isFloat, isBool] = [[1, 10, 11, 16].includes(to), to === 9];
  const data = (x as NdArray).data.map((value) => {
    if (isBool) return value === 0 ? 0 : 1;
    return isFloat ? value : Math.trunc(value);
  });
  return [{ dims: (x as NdArray).dims, data, whole: !isFloat }];
};

const clip: Kernel = (_node, [x, low, high]) => {
  const [least, most] = [low?.data[0] ?? Number.NEGATIVE_INFINITY, high?.data[0] ?? Number.POSITIVE_INFINITY];
  return [{ ...(x as NdArray), data: (x as NdArray).data.map((value) => Math.min(Math.max(value, least), most)) }];
};

/** A scale or zero point beside x: one for all, or one for each entry along `axis`. */
function perAxis(node: Node, x: NdArray, numbers: NdArray): Float64Array {
  const axis = positiveAxis(numberAttribute(node, 'axis', 1), x.dims.length);
  const dims = x.dims.map((_, at) => (at === axis && numbers.data.length > 1 ? numbers.data.length : 1));
  return broadcast({ ...numbers, dims }, x.dims).data;
}

/** Half to even. */
function rounded(x: number): number {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

const quantize: Kernel = (node, [x, scale, zero]) => {
  const value = x as NdArray;
  const [low, high] = (zero as NdArray).signed ? [-128, 127] : [0, 255];
  const [s, z] = [perAxis(node, value, scale as NdArray), perAxis(node, value, zero as NdArray)];
  const data = value.data.map((each, at) =>
    Math.min(Math.max(rounded(each / (s[at] as number)) + (z[at] as number), low), high),
  );
  return [{ dims: value.dims, data, whole: true }];
};

const dequantize: Kernel = (node, [x, scale, zero]) => {
  const value = x as NdArray;
  const s = perAxis(node, value, scale as NdArray);
  const z = zero && perAxis(node, value, zero);
  return [{ dims: value.dims, data: value.data.map((each, at) => (each - (z?.[at] ?? 0)) * (s[at] as number)) }];
};

export const elementwise: Record<string, Kernel> = {
  DequantizeLinear: dequantize,
  QuantizeLinear: quantize,
  Abs: mapped(Math.abs),
  Add: combined((x, y) => (x as number) + (y as number)),
  And: combined((x, y) => (x && y ? 1 : 0), true),
  Cast: cast,
  Clip: clip,
  Div: quotient,
  Dropout: mapped((x) => x),
  Elu: mapped((x, node) => (x > 0 ? x : number(node, 'alpha', 1) * Math.expm1(x))),
  Equal: combined((x, y) => (x === y ? 1 : 0), true),
  Erf: mapped(erf),
  Exp: mapped(Math.exp),
  Greater: combined((x, y) => ((x as number) > (y as number) ? 1 : 0), true),
  GreaterOrEqual: combined((x, y) => ((x as number) >= (y as number) ? 1 : 0), true),
  HardSigmoid: mapped((x, node) =>
    Math.min(1, Math.max(0, number(node, 'alpha', 0.2) * x + number(node, 'beta', 0.5))),
  ),
  HardSwish: mapped((x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))),
  Identity: mapped((x) => x),
  LeakyRelu: mapped((x, node) => (x < 0 ? number(node, 'alpha', 0.01) * x : x)),
  Less: combined((x, y) => ((x as number) < (y as number) ? 1 : 0), true),
  LessOrEqual: combined((x, y) => ((x as number) <= (y as number) ? 1 : 0), true),
  Log: mapped(Math.log),
  Max: combined(Math.max),
  Min: combined(Math.min),
  Mul: combined((x, y) => (x as number) * (y as number)),
  Neg: mapped((x) => -x),
  Not: mapped((x) => (x ? 0 : 1)),
  PRelu: combined((x, slope) => ((x as number) < 0 ? (x as number) * (slope as number) : (x as number))),
  Pow: combined((x, y) => (x as number) ** (y as number)),
  Reciprocal: mapped((x) => 1 / x),
  Relu: mapped((x) => Math.max(x, 0)),
  Selu: mapped((x, node) => {
    const alpha = number(node, 'alpha', Math.fround(1.67326319217681884765625));
    return number(node, 'gamma', Math.fround(1.05070102214813232421875)) * (x > 0 ? x : alpha * Math.expm1(x));
  }),
  Sigmoid: mapped(sigmoid),
  Sign: mapped(Math.sign),
  Softplus: mapped((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  Sqrt: mapped(Math.sqrt),
  Sub: combined((x, y) => (x as number) - (y as number)),
  Sum: combined((...values) => values.reduce((sum, value) => sum + value, 0)),
  Tanh: mapped(Math.tanh),
  Where: (_node, [condition, x, y]) => {
    const dims = broadcastDims(...[condition, x, y].map((each) => (each as NdArray).dims));
    const [c, a, b] = [condition, x, y].map((each) => broadcast(each as NdArray, dims)) as [NdArray, NdArray, NdArray];
    const data = a.data.map((value, at) => (c.data[at] ? value : (b.data[at] as number)));
    return [{ dims, data, whole: a.whole === true }];
  },
};

/** A string attribute that must have this value: what other values mean is not written here. */
export function requireMode(node: Node, name: string, fallback: string, expected: readonly string[]): string {
  const value = stringAttribute(node, name, fallback);
  if (!expected.includes(value)) throw new Error(`${node.op} with ${name}=${value} has no float64 kernel`);
  return value;
}
