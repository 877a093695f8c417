/** @file Gradients of quantisation. Rounding counts as the identity: the straight-through estimator (Bengio et al. 2013). */
import { numberAttribute } from '../../graph/attributes.js';
import { positiveAxis } from '../../graph/dims.js';
import { quantizedEnds } from '../../graph/tensor.js';
import type { Backward, GradientRule } from './rule.js';

/** A scale or zero point in a form that fits the tensor: one number, or one for each entry along `axis`. */
function fitted({ node, b, x, shape }: Backward, value: string): string {
  const [size] = shape(value);
  if (size === undefined || size === 1) return value;
  const rank = shape(x[0]).length;
  const axis = positiveAxis(numberAttribute(node, 'axis', 1), rank);
  return b.reshape(
    value,
    Array.from({ length: rank }, (_, at) => (at === axis ? size : 1)),
  );
}

const scaleOf = (backward: Backward) => fitted(backward, backward.x[1] ?? '');

/** dq/s, also where q is clipped. */
export const unclipped = (backward: Backward): string => backward.b.div(backward.g, scaleOf(backward));

/** q = clip(round(x/s) + z): dx = dq/s, and 0 where q is clipped. Quantisers write a ReLU as nothing but this clipping. */
const quantize: GradientRule = (backward) => {
  const { b, x, y } = backward;
  const dx = unclipped(backward);
  const others = x.slice(1).map(() => null);
  const range = quantizedEnds[b.types.get(y[0])?.type ?? ''];
  if (!range) return [dx, ...others];
  const steps = b.div(x[0], scaleOf(backward));
  const q = x[2] ? b.add(steps, b.castLike(fitted(backward, x[2]), steps)) : steps;
  const [least, most] = [range[0] - 0.5, range[1] + 0.5].map((end) => b.scalarLike(q, end)) as [string, string];
  const isInside = b.op('And', [b.op('GreaterOrEqual', [q, least]), b.op('LessOrEqual', [q, most])], {}, 'inside');
  return [b.op('Where', [isInside, dx, b.scalarLike(dx, 0)]), ...others];
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
