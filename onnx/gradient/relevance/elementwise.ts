/** @file Rules of activations, sums and quotients: relevance passes, or is shared in proportion. */
import { unclipped } from '../rules/quantization.js';
import type { Backward, GradientRule } from '../rules/rule.js';
import type { KnownOp } from '../table.js';
import { STABILIZER } from './composite.js';
import { stabilized } from './layers.js';
import { productRule } from './products.js';
import { isPart, plainRule, refused, ruleOf, stable, type Propagation } from './propagation.js';

export function elementwiseRules(propagation: Propagation) {
  const { b, flow } = propagation;
  const plain = plainRule(propagation);

  const summed =
    (op: KnownOp): GradientRule =>
    (backward) => {
      const g = stable(b, backward);
      return plain(op)({ ...backward, g, dy: [g] });
    };

  /** Several parts share in proportion (the ε-rule); a constant takes its own. The bias of a layer is the layer's. */
  const added =
    (op: KnownOp): GradientRule =>
    (backward) => {
      const [only, ...others] = backward.x.filter((_, index) => isPart(backward, index, flow));
      if (others.length > 0) return summed(op)(backward);
      const layer = flow.producer(only as string);
      const isBias = op === 'Add' && layer !== undefined && flow.biasOf(layer)?.sum === backward.y[0];
      return isBias ? backward.x.map((name) => (name === only ? backward.g : null)) : plain(op)(backward);
    };

  /** R_x = R_y: c_x = c_y·y/x */
  const activation = (): GradientRule => (backward) => {
    const { x, y, g } = backward;
    if (x.some((_, index) => index > 0 && isPart(backward, index, flow)))
      refused(backward, 'more than its first input depends on the picture');
    return passed(backward, b.mul(g, y[0]));
  };

  /** Relevance as a multiplier of the first input. */
  const passed = ({ x }: Backward, relevance: string) =>
    x.map((value, index) => (index === 0 ? b.div(relevance, stabilized(b, value, STABILIZER), 'passed') : null));

  /** Quantised numbers are those of the picture, but for rounding and for what is cut off as by a rectifier. */
  const quantized: GradientRule = (backward) => {
    const { node, x, y, dy } = backward;
    const [q, scale, zero] = node.op === 'QuantizeLinear' ? [y[0], x[1], x[2]] : y;
    if (!dy[0]) return x.map(() => null);
    const value = b.unique('rounded');
    const inputs = [q, scale, zero].filter((name) => name !== undefined && name !== '') as string[];
    b.append({ ...node, op: 'DequantizeLinear', name: value, inputs, outputs: [value] });
    const g = node.op === 'QuantizeLinear' ? unclipped(backward) : ruleOf(node.op as KnownOp)(backward)[0];
    return passed(backward, b.mul(g as string, value));
  };

  /** Σ x² of degree 2: half of the gradient, so that Σ x·c is y·c. */
  const squares: GradientRule = (backward) => {
    const g = b.mul(backward.g, b.scalarLike(backward.g, 0.5));
    return ruleOf('ReduceSumSquare')({ ...backward, g, dy: [g] });
  };

  const multiplied: GradientRule = (backward) =>
    (isPart(backward, 0, flow) && isPart(backward, 1, flow) ? productRule('Mul', flow) : plain('Mul'))(backward);

  /** The divisor counts as a constant, as the deviation of a normalization does. */
  const divided: GradientRule = (backward) => {
    if (!isPart(backward, 0, flow)) refused(backward, 'it divides by a value of the picture');
    const [towards = null] = ruleOf('Div')({ ...backward, wanted: (index) => index === 0 });
    return [towards, null];
  };

  return {
    plain,
    summed,
    added,
    activation,
    special: {
      Div: divided,
      DynamicQuantizeLinear: quantized,
      Mul: multiplied,
      QuantizeLinear: quantized,
      ReduceSumSquare: squares,
    },
  };
}
