/** @file The state that a new run starts from: initial weights, no moments, no steps. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { tf } from '../../../exporter/tf.js';
import { weightName } from '../../../exporter/layers/weights.js';
import type { GanConfig } from '../../settings/config.js';
import { discriminatorModel, generatorModel } from './models.js';
import { initialVectors } from '../state/spectral.js';
import type { NetworkState, StateTensor, TrainState } from '../state/step.js';

/** The state before the first step; a pure function of the configuration. */
export function initialState(config: GanConfig): TrainState {
  const [generatorNetwork, discriminatorNetwork] = [generatorModel(config), discriminatorModel(config)];
  const [generator, discriminator] = [networkStateOf(generatorNetwork), networkStateOf(discriminatorNetwork)];
  if (config.ema > 0) generator.ema = structuredClone(generator.weights);
  if (config.spectralNorm) discriminator.spectral = initialVectors(discriminatorNetwork, config.seed);
  for (const model of [generatorNetwork, discriminatorNetwork]) model.dispose();
  return { step: 0, generator, discriminator };
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

/** The model, with its weights set from those of a network's state. */
export function withState<M extends LayersModel>(model: M, state: Pick<NetworkState, 'weights'>): M {
  const values = model.weights.map((weight) => {
    const { data, shape } = state.weights.get(weightName(weight)) as StateTensor;
    return tf.tensor(data, shape);
  });
  model.setWeights(values);
  tf.dispose(values);
  return model;
}
