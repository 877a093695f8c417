/** @file Gradients of activations that are pieces of simpler functions. */
import { numberAttribute } from '../../../graph/attributes.js';
import type { GraphBuilder } from '../../../build/build.js';
import { perInput, unary } from '../common.js';

/** `whenTrue` where x compares with a number as asked, else `whenFalse`. */
const where = (
  b: GraphBuilder,
  op: 'Greater' | 'GreaterOrEqual' | 'Less',
  [x, bound]: readonly [string, number],
  whenTrue: string,
  whenFalse: string,
) => b.op('Where', [b.op(op, [x, b.scalarLike(x, bound)]), whenTrue, whenFalse]);

export const activationRules = {
  // d celu(x) = 1 for x > 0, else e^(x/α) = y/α + 1
  Celu: unary((b, x, y, node) => {
    const one = b.scalarLike(x, 1);
    const alpha = b.scalarLike(x, numberAttribute(node, 'alpha', 1));
    return where(b, 'Greater', [x, 0], one, b.add(b.div(y, alpha), one));
  }),
  // d elu(x) = 1 for x > 0, else α·eˣ = y + α
  Elu: unary((b, x, y, node) => {
    const alpha = b.scalarLike(x, numberAttribute(node, 'alpha', 1));
    return where(b, 'Greater', [x, 0], b.scalarLike(x, 1), b.add(y, alpha));
  }),
  // d clip(αx + β, 0, 1) = α strictly between the bounds
  HardSigmoid: unary((b, x, y, node) => {
    const [zero, one] = [b.scalarLike(x, 0), b.scalarLike(x, 1)];
    const inside = b.op('And', [b.op('Greater', [y, zero]), b.op('Less', [y, one])]);
    return b.mul(b.castLike(inside, x), b.scalarLike(x, numberAttribute(node, 'alpha', 0.2)));
  }),
  // d x·clip(x/6 + ½, 0, 1) = 0 for x < −3, x/3 + ½ up to 3, then 1
  HardSwish: unary((b, x) => {
    const slope = b.add(b.mul(x, b.scalarLike(x, 1 / 3)), b.scalarLike(x, 0.5));
    const upper = where(b, 'Greater', [x, 3], b.scalarLike(x, 1), slope);
    return where(b, 'Less', [x, -3], b.scalarLike(x, 0), upper);
  }),
  // y = x for x ≥ 0, else s·x: dx = dy or s·dy, ds = min(x, 0)·dy
  PRelu: perInput(
    ({ b, x, g }) => {
      const [data, slope] = x as [string, string];
      return where(b, 'Greater', [data, 0], g, b.mul(g, slope));
    },
    ({ b, x, g }) => b.mul(g, b.op('Min', [x[0], b.scalarLike(g, 0)])),
  ),
  // d selu(x) = γ for x > 0, else γα·eˣ = y + γα; the defaults of the specification are float32 numbers
  Selu: unary((b, x, y, node) => {
    const gamma = numberAttribute(node, 'gamma', Math.fround(1.0507009873554805));
    const alpha = numberAttribute(node, 'alpha', Math.fround(1.6732632423543772));
    return where(b, 'Greater', [x, 0], b.scalarLike(x, gamma), b.add(y, b.scalarLike(x, gamma * alpha)));
  }),
  // d shrink(x) = 1 where |x| > λ
  Shrink: unary((b, x, _y, node) => {
    const outside = b.op('Greater', [b.op('Abs', [x]), b.scalarLike(x, numberAttribute(node, 'lambd', 0.5))]);
    return b.castLike(outside, x);
  }),
  // d x/(1 + |x|) = 1/(1 + |x|)²
  Softsign: unary((b, x) => {
    const root = b.op('Reciprocal', [b.add(b.op('Abs', [x]), b.scalarLike(x, 1))]);
    return b.mul(root, root);
  }),
  // d x·[x > α] = [x > α]
  ThresholdedRelu: unary((b, x, _y, node) => {
    const alpha = b.scalarLike(x, numberAttribute(node, 'alpha', 1));
    return b.castLike(b.op('Greater', [x, alpha]), x);
  }),
};
