/** @file Adam for all weights of a network, as ONNX nodes. */
import { type GraphBuilder } from '../../../../onnx/index.js';
import { adamUpdate, type AdamRates } from '../../../../onnx/build/adam.js';
import type { GanConfig } from '../../../settings/config.js';
import type { Weights } from './weights.js';

/** Scalar values that change from update to update. */
export type AdamScalars = Pick<AdamRates, 'stepSize' | 'correction'>;

/**
 * Adam (Kingma and Ba 2015, algorithm 1): one update of all trainable weights of a network.
 * @param gradient the gradient's value for a weight's name
 */
export function updateWithAdam(
  b: GraphBuilder,
  weights: Weights<string>,
  gradient: (name: string) => string,
  scalars: AdamScalars,
  { beta1, beta2 }: Pick<GanConfig, 'beta1' | 'beta2'>,
): void {
  for (const request of weights.trainable) {
    const { name } = request;
    const g = gradient(name);
    const current = weights.current(name);
    const moments = { m: weights.tensor('m', request), v: weights.tensor('v', request) };
    b.within(name, () => {
      const { value, m, v } = adamUpdate(b, { value: current, gradient: g, ...moments }, { ...scalars, beta1, beta2 });
      weights.replace(name, value);
      weights.replace(name, m, 'm');
      weights.replace(name, v, 'v');
    });
  }
}
