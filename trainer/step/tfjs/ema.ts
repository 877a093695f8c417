/** @file The moving average of the generator's weights, in tfjs operations. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Variable } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';

/** a ← β·a + (1 − β)·w for all weights, running statistics included; see `graph/ema.ts`. */
export function updateAverage(average: LayersModel, model: LayersModel, decay: number): void {
  average.weights.forEach((weight, index) => {
    const current = model.weights[index]?.read() as Variable;
    const variable = weight.read() as Variable;
    variable.assign(tf.add(tf.mul(variable, decay), tf.mul(current, 1 - decay)));
  });
}
