/** @file Gradients of element-wise operators; the walker sums over broadcast axes. */
import { numberAttribute } from '../../../graph/attributes.js';
import type { GraphBuilder } from '../../../build/build.js';
import { InputError } from '../../../errors.js';
import { nodeLabel } from '../../../graph/graph.js';
import { numbersOf } from '../../../graph/tensor.js';
import { isFloat, perInput, unary } from '../common.js';
import type { GradientRule } from '../rule.js';

/** dx = dy for every input. */
const passed: GradientRule = ({ x, g, wanted }) => x.map((_, index) => (wanted(index) ? g : null));

/** `g` where the condition holds, else zero. */
const masked = (b: GraphBuilder, condition: string, g: string) => b.op('Where', [condition, g, b.scalarLike(g, 0)]);

/** To the inputs that are the extreme value, in equal parts where several are (as PyTorch's `maximum` does for two). */
const extreme: GradientRule = ({ b, x, y, g, wanted }) => {
  if (x.length === 1) return [g];
  const hits = x.map((value) => b.castLike(b.op('Equal', [value, y[0]]), value));
  const share = b.div(g, b.op('Sum', hits, {}, 'hits'), 'share');
  return hits.map((hit, index) => (wanted(index) ? b.mul(share, hit) : null));
};

/** 1 for x > 0, else α. The sign of y is that of x for α ≥ 0, and lets a runtime fuse the activation. On CPUs a product is faster than Where. */
const leakyRelu: GradientRule = ({ node, b, x, y, g }) => {
  const alpha = numberAttribute(node, 'alpha', 0.01);
  const positive = b.op('Greater', [(alpha < 0 ? x : y)[0] as string, b.scalarLike(g, 0)]);
  const slope = b.add(b.mul(b.castLike(positive, g), b.scalarLike(g, 1 - alpha)), b.scalarLike(g, alpha));
  return [b.mul(g, slope)];
};

/**
 * dx = dy where min ≤ x ≤ max (also at the bounds, as PyTorch's clamp): that is where y = x. A bound gets dy where x is
 * beyond it.
 */
export const clip: GradientRule = ({ b, x, y, g, wanted }) => {
  const [data, low, high] = x as [string, string | undefined, string | undefined];
  const inside = () => (low || high ? masked(b, b.op('Equal', [data, y[0]]), g) : g);
  return [
    wanted(0) ? inside() : null,
    low && wanted(1) ? masked(b, b.op('Less', [data, low]), g) : null,
    high && wanted(2) ? masked(b, b.op('Greater', [data, high]), g) : null,
  ].slice(0, x.length);
};

/** d xᵃ = a·xᵃ⁻¹ dx + xᵃ·ln x da, and zero for da where x = 0. */
const pow: GradientRule = ({ b, x, y, g, wanted }) => {
  const [base, exponent] = x as [string, string];
  const zero = b.scalarLike(base, 0);
  const power = b.castLike(exponent, base);
  const one = b.scalarLike(base, 1);
  const forBase = () => {
    const constant = b.types.constant(exponent);
    const lower = b.sub(power, one);
    if (constant && !numbersOf(constant).includes(0)) return b.mul(g, b.mul(power, b.op('Pow', [base, lower])));
    // 0·x⁰ instead of 0·x⁻¹ for an exponent of 0: no infinity is computed, also where this is differentiated.
    const finite = b.op('Where', [b.op('Equal', [power, zero]), zero, lower]);
    return b.mul(g, b.mul(power, b.op('Pow', [base, finite])));
  };
  const forExponent = () => {
    const logarithm = b.op('Where', [b.op('Equal', [base, zero]), zero, b.op('Log', [base])]);
    return b.mul(g, b.mul(y[0], logarithm));
  };
  return [wanted(0) ? forBase() : null, wanted(1) && isFloat(b.type(exponent).type) ? forExponent() : null];
};

/** dx = dy in another precision; integers and booleans do not pass gradients on. */
const cast: GradientRule = ({ b, x, y, g }) => {
  const [from, to] = [x[0], y[0]];
  return [isFloat(b.type(from).type) && isFloat(b.type(to).type) ? b.castLike(g, from) : null];
};

/** Inference: dx = dy. Training: dx = dy · mask / (1 − ratio), which needs the node's mask output. */
const dropout: GradientRule = ({ node, b, x, y, g }) => {
  const [data, ratio, mode] = x as [string, string | undefined, string | undefined];
  const training = mode ? b.types.constant(mode) : undefined;
  if (!mode || (training && numbersOf(training)[0] === 0)) return x.map((_, index) => (index === 0 ? g : null));
  if (!y[1] || !training) {
    throw new InputError(
      `${nodeLabel(node)}: cannot be differentiated (training_mode needs to be constant, with a mask)`,
    );
  }
  const rate = ratio ? b.castLike(ratio, data) : b.scalarLike(data, 0.5);
  const kept = b.mul(g, b.castLike(y[1], data));
  return [b.div(kept, b.sub(b.scalarLike(data, 1), rate)), null, null].slice(0, x.length);
};

export const elementwiseRules = {
  // d|x| = sign(x)
  Abs: unary((b, x) => b.op('Sign', [x])),
  Add: passed,
  Cast: cast,
  Clip: clip,
  // d(a/b) = da/b − (a/b)·db/b
  Div: perInput(
    ({ b, x, g }) => b.div(g, x[1] as string),
    ({ b, x, y, g }) => b.op('Neg', [b.div(b.mul(g, y[0]), x[1] as string)]),
  ),
  Dropout: dropout,
  // d eˣ = eˣ
  Exp: unary((_b, _x, y) => y),
  Identity: passed,
  LeakyRelu: leakyRelu,
  // d ln x = 1/x
  Log: perInput(({ b, x, g }) => b.div(g, x[0])),
  Max: extreme,
  // dx = dy / n for each of n inputs
  Mean: ({ b, x, g, wanted }) => {
    const share = b.div(g, b.scalarLike(g, x.length));
    return x.map((_, index) => (wanted(index) ? share : null));
  },
  Min: extreme,
  // d fmod(a, b) = da − trunc(a/b)·db
  Mod: perInput(
    ({ g }) => g,
    ({ b, x, g }) => {
      const quotient = b.div(x[0], x[1] as string);
      const whole = b.mul(b.op('Sign', [quotient]), b.op('Floor', [b.op('Abs', [quotient])]));
      return b.op('Neg', [b.mul(g, whole)]);
    },
  ),
  // d(a·b) = b·da + a·db
  Mul: perInput(
    ({ b, x, g }) => b.mul(g, x[1] as string),
    ({ b, x, g }) => b.mul(g, x[0]),
  ),
  Neg: perInput(({ b, g }) => b.op('Neg', [g])),
  Pow: pow,
  // d(1/x) = −1/x²
  Reciprocal: unary((b, _x, y) => b.op('Neg', [b.mul(y, y)])),
  // d relu(x) = 1 where x > 0
  Relu: perInput(({ b, y, g }) => b.mul(g, b.castLike(b.op('Greater', [b.castLike(y[0], g), b.scalarLike(g, 0)]), g))),
  // d σ(x) = σ(x)·(1 − σ(x))
  Sigmoid: unary((b, _x, y) => b.mul(y, b.sub(b.scalarLike(y, 1), y))),
  // d ln(1 + eˣ) = σ(x)
  Softplus: unary((b, x) => b.op('Sigmoid', [x])),
  // d √x = 1 / (2√x)
  Sqrt: unary((b, _x, y) => b.div(b.scalarLike(y, 0.5), y)),
  // d(a − b) = da − db
  Sub: perInput(
    ({ g }) => g,
    ({ b, g }) => b.op('Neg', [g]),
  ),
  Sum: passed,
  // d tanh(x) = 1 − tanh²(x)
  Tanh: unary((b, _x, y) => b.sub(b.scalarLike(y, 1), b.mul(y, y))),
  // dy to the input that is chosen, none to the condition
  Where: ({ b, x, g, wanted }) => [
    null,
    wanted(1) ? masked(b, x[0], g) : null,
    wanted(2) ? b.op('Where', [x[0], b.scalarLike(g, 0), g]) : null,
  ],
} satisfies Record<string, GradientRule>;
