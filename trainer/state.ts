/** @file The state that a new run starts from: initial weights, no moments, no steps. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { weightName } from '../exporter/weights.js';
import type { GanConfig } from './config.js';
import { discriminatorModel, generatorModel } from './models.js';
import type { NetworkState, TrainState } from './step/step.js';

/** The state before the first step; a pure function of the configuration. */
export function initialState(config: GanConfig): TrainState {
  const taken = (model: LayersModel): NetworkState => {
    const state = networkStateOf(model);
    model.dispose();
    return state;
  };
  return { step: 0, generator: taken(generatorModel(config)), discriminator: taken(discriminatorModel(config)) };
}

/** A model's weights as a network's state, without moments. */
export function networkStateOf(model: LayersModel): NetworkState {
  const values = model.getWeights();
  const weights = new Map(
    model.weights.map((weight, index) => {
      const data = Float32Array.from(values[index]?.dataSync() as Float32Array);
      return [weightName(weight), { shape: weight.shape as number[], data }] as const;
    }),
  );
  return { weights, m: new Map(), v: new Map() };
}
