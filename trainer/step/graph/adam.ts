/** @file Adam as ONNX nodes. */
import type { GraphBuilder } from '../../../onnx/index.js';
import type { GanConfig } from '../../config.js';
import { ADAM_EPSILON } from '../schedule.js';
import type { Weights } from './weights.js';

/** Scalar values that change from update to update. */
export interface AdamScalars {
  /** Learning rate / (1 − β1^t). */
  stepSize: string;
  /** √(1 − β2^t). */
  correction: string;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1): one update of all trainable weights of a network.
 * @param gradient the gradient's value for a weight's name
 */
export function updateWithAdam(
  b: GraphBuilder,
  weights: Weights,
  gradient: (name: string) => string,
  { stepSize, correction }: AdamScalars,
  { beta1, beta2 }: GanConfig,
): void {
  for (const request of weights.trainable) {
    const { name } = request;
    const g = gradient(name);
    const current = weights.current(name);
    const moments = { m: weights.tensor('m', request), v: weights.tensor('v', request) };
    b.within(name, () => {
      const m = b.add(moments.m, b.mul(b.sub(g, moments.m), b.scalar(1 - beta1)), 'm');
      const v = b.add(b.mul(moments.v, b.scalar(beta2)), b.mul(b.mul(g, g), b.scalar(1 - beta2)), 'v');
      const deviation = b.add(b.div(b.op('Sqrt', [v]), correction), b.scalar(ADAM_EPSILON));
      const change = b.mul(b.div(m, deviation), stepSize);
      weights.replace(name, b.sub(current, change, 'updated'));
      weights.replace(name, m, 'm');
      weights.replace(name, v, 'v');
    });
  }
}
