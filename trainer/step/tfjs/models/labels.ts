/**
 * @file Class-conditional DCGANs (Mirza and Osindero 2014, "Conditional Generative Adversarial Nets"): both networks have the
 * class of each picture as a second input, a one-hot row [N, K], and learn a row of numbers for each class.
 */
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { tfl } from '../../../../exporter/tf.js';
import { InputError } from '../../../../onnx/errors.js';
import type { GanConfig } from '../../../settings/config.js';

type Layer = LayersModel['layers'][number];

/** Layers whose kernel has a row for each class. */
const tables = { generator: 'g_label_embedding', discriminator: 'd_label_map' };

/** Whether a weight, by its name, has a row for each class. */
export const isLabelTable = (name: string): boolean =>
  Object.values(tables).some((layer) => name === `${layer}/kernel`);

/** The generator: the label's row, as long as a latent, stands behind the latent. @param layers what follows */
export function labelledGenerator(config: GanConfig, layers: readonly Layer[]): LayersModel {
  const latent = tfl.input({ name: 'latent', shape: [config.latentDim] });
  const label = labelInput(config);
  const row = labelRow(tables.generator, config.latentDim, label);
  const joined = tfl.layers.concatenate({ name: 'g_latent_label' }).apply([latent, row]) as SymbolicTensor;
  return tfl.model({ name: 'generator', inputs: [latent, label], outputs: chained(joined, layers) });
}

/** The discriminator: the label's row, with a number for each pixel, is one more channel of the picture. @param layers what follows */
export function labelledDiscriminator(config: GanConfig, layers: readonly Layer[]): LayersModel {
  const { imageSize, channels } = config;
  const picture = tfl.input({ name: 'picture', shape: [imageSize, imageSize, channels] });
  const label = labelInput(config);
  const row = labelRow(tables.discriminator, imageSize ** 2, label);
  const map = tfl.layers.reshape({ name: 'd_label_channel', targetShape: [imageSize, imageSize, 1] });
  const joined = tfl.layers.concatenate({ name: 'd_picture_label' });
  const first = joined.apply([picture, map.apply(row) as SymbolicTensor]) as SymbolicTensor;
  return tfl.model({ name: 'discriminator', inputs: [picture, label], outputs: chained(first, layers) });
}

/** The input for one-hot labels. @throws InputError if the configuration has no classes */
export function labelInput({ classNames }: GanConfig): SymbolicTensor {
  if (classNames.length < 2)
    throw new InputError({ name: 'classNames', expected: 'at least two with `conditional`', got: classNames.length });
  return tfl.input({ name: 'label', shape: [classNames.length] });
}

/** The rows that labels choose of a table, which is the layer's kernel [K, units]. */
export function labelRow(name: string, units: number, label: SymbolicTensor): SymbolicTensor {
  const table = tfl.layers.dense({ name, units, useBias: false, kernelInitializer: 'zeros' });
  return table.apply(label) as SymbolicTensor;
}

const chained = (first: SymbolicTensor, layers: readonly Layer[]): SymbolicTensor =>
  layers.reduce((value, layer) => layer.apply(value) as SymbolicTensor, first);
