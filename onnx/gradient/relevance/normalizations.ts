/** @file Normalizations by mean and standard deviation of the picture: the deviation counts as a constant. */
import { epsilonOf, numberAttribute } from '../../graph/attributes.js';
import type { Backward, GradientRule } from '../rules/rule.js';
import { refused } from './propagation.js';

/** y = s·(x − μ)/σ + β: c_x = (s·c − mean of s·c)/σ (Ali et al. 2022, eq. 13). */
function normalized({ b, node, x, g }: Backward, axes: readonly number[], scale: string): string {
  const data = x[0];
  const centred = b.sub(data, b.reduceMean(data, axes), 'centred');
  const variance = b.reduceMean(b.mul(centred, centred), axes, true, 'variance');
  const epsilon = b.scalarLike(data, epsilonOf(node));
  const deviation = b.op('Sqrt', [b.add(variance, epsilon)], {}, 'deviation');
  const scaled = b.mul(g, scale);
  return b.div(b.sub(scaled, b.reduceMean(scaled, axes)), deviation);
}

const layerNormalization: GradientRule = (backward) => {
  const { node, x, dy, shape } = backward;
  if (dy[0] === null || dy.slice(1).some((other) => other))
    refused(backward, 'its mean or deviation is used as an output');
  const axes = [...shape(x[0]).keys()].slice(numberAttribute(node, 'axis', -1));
  return [normalized(backward, axes, x[1] as string), ...x.slice(1).map(() => null)];
};

const instanceNormalization: GradientRule = (backward) => {
  const { b, x, shape } = backward;
  const axes = [...shape(x[0]).keys()].slice(2);
  const scale = b.reshape(x[1] as string, [-1, ...axes.map(() => 1)]);
  return [normalized(backward, axes, scale), null, null];
};

export const normalizationRules = {
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
};
