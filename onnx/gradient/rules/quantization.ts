/** @file Gradients of quantisation. Rounding counts as the identity: the straight-through estimator (Bengio et al. 2013). */
import { numberAttribute } from '../../graph/attributes.js';
import { positiveAxis } from '../../graph/dims.js';
import type { Backward, GradientRule } from './rule.js';

/** The scale in a form that multiplies the tensor: one number, or one for each entry along `axis`. */
function scaleOf({ node, b, x, shape }: Backward): string {
  const [data, scale = ''] = x;
  const [size] = shape(scale);
  if (size === undefined || size === 1) return scale;
  const rank = shape(data).length;
  const axis = positiveAxis(numberAttribute(node, 'axis', 1), rank);
  return b.reshape(
    scale,
    Array.from({ length: rank }, (_, at) => (at === axis ? size : 1)),
  );
}

/** q = round(x/s) + z: dx = dq/s */
const quantize: GradientRule = (backward) => {
  const { b, x, g } = backward;
  return x.map((_, index) => (index === 0 ? b.div(g, scaleOf(backward)) : null));
};

/** x = (q − z)·s: dq = dx·s */
const dequantize: GradientRule = (backward) => {
  const { b, x, g } = backward;
  return x.map((_, index) => (index === 0 ? b.mul(g, scaleOf(backward)) : null));
};

/** As `quantize`, with the scale that the node computes; that it moves with x is left out. */
const dynamicQuantize: GradientRule = ({ b, y, dy }) => {
  const [g] = dy;
  return [g ? b.div(g, y[1] as string) : null];
};

/** No derivative, so no finite difference agrees with these; they are compared with the network without quantisation. */
export const straightThroughRules = {
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  QuantizeLinear: quantize,
};
