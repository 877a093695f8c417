/** @file A network's pass in training form through tfjs: batch norm by the batch's statistics, kernels of spectral norm. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';
import { weightName } from '../../../exporter/layers/weights.js';
import { normalizedKernel, type Vectors } from './spectral-norm.js';
import { upsampled } from './upsampling.js';

type Layer = LayersModel['layers'][number];

/** A batch norm layer's statistics in one pass: the batch's mean, biased variance and number of values per channel. */
interface Statistics {
  layer: Layer;
  mean: Tensor;
  variance: Tensor;
  count: number;
}

/** What a pass through a network gives. */
export interface Pass {
  output: Tensor;
  /** Input of the last layer, an activation. */
  logit: Tensor;
  statistics: Statistics[];
}

/**
 * A pass in training form.
 * @param inputs the pictures or latents, and the labels of a conditional network
 * @param vectors of spectral norm, by kernel name; kernels without are taken as they are
 */
export function trainingPass(
  model: LayersModel,
  inputs: readonly Tensor[],
  vectors?: ReadonlyMap<string, Vectors>,
): Pass {
  const statistics: Statistics[] = [];
  const values = new Map(model.inputs.map(({ id }, index) => [id, inputs[index] as Tensor]));
  // The layers stand in an order in which each one's inputs come before it.
  for (const layer of model.layers) {
    if (layer.getClassName() === 'InputLayer') continue;
    const { inputTensors, outputTensors } = layer.inboundNodes[0] as Layer['inboundNodes'][number];
    const given = inputTensors.map(({ id }) => values.get(id) as Tensor);
    values.set(outputTensors[0]?.id as number, layerPass(layer, given, statistics, vectors));
  }
  const [last] = model.layers.at(-1)?.inboundNodes ?? [];
  const value = (tensor: { id: number } | undefined) => values.get(tensor?.id as number) as Tensor;
  return { output: value(last?.outputTensors[0]), logit: value(last?.inputTensors[0]), statistics };
}

function layerPass(
  layer: Layer,
  inputs: Tensor[],
  statistics: Statistics[],
  vectors: ReadonlyMap<string, Vectors> | undefined,
): Tensor {
  const [first] = inputs as [Tensor];
  const kernel = layer.weights.find((weight) => weightName(weight).endsWith('/kernel'));
  const pair = kernel && vectors?.get(weightName(kernel));
  if (layer.getClassName() === 'BatchNormalization') return normalized(layer, first, statistics);
  if (layer.getClassName() === 'UpSampling2D') {
    return upsampled(first, (layer.getConfig() as object as { size: [number, number] }).size);
  }
  if (pair) return withKernel(layer, first, normalizedKernel(variableOf(layer, 'kernel'), pair));
  return layer.apply(inputs.length === 1 ? first : inputs) as Tensor;
}

/** A convolution or dense layer with another kernel than its own. */
function withKernel(layer: Layer, x: Tensor, kernel: Tensor): Tensor {
  const { strides, padding, useBias } = layer.getConfig() as {
    strides?: [number, number];
    padding?: 'same' | 'valid';
    useBias: boolean;
  };
  const product =
    strides && padding ? tf.conv2d(x as Tensor4D, kernel as Tensor4D, strides, padding) : tf.matMul(x, kernel);
  return useBias ? tf.add(product, variableOf(layer, 'bias')) : product;
}

function normalized(layer: Layer, x: Tensor, statistics: Statistics[]): Tensor {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const { mean, variance } = tf.moments(x, axes);
  statistics.push({ layer, mean, variance, count: x.size / (x.shape.at(-1) as number) });
  const { epsilon } = layer.getConfig() as { epsilon: number };
  return tf.batchNorm(
    x,
    mean as Tensor1D,
    variance as Tensor1D,
    perChannel(layer, 'beta') ?? tf.zerosLike(mean as Tensor1D),
    perChannel(layer, 'gamma') ?? tf.onesLike(mean as Tensor1D),
    epsilon,
  );
}

const perChannel = (layer: Layer, name: string) => variableOf(layer, name) as Tensor as Tensor1D | undefined;

/** PyTorch's rule: r ← 0.9·r + 0.1·s, with s the batch's mean or its unbiased variance. */
export function updateRunningStatistics(statistics: readonly Statistics[]): void {
  for (const { layer, mean, variance, count } of statistics) {
    const { momentum } = layer.getConfig() as { momentum: number };
    const blend = (variable: Variable, value: Tensor) =>
      variable.assign(tf.add(tf.mul(variable, momentum), tf.mul(value, 1 - momentum)));
    blend(variableOf(layer, 'moving_mean'), mean);
    blend(variableOf(layer, 'moving_variance'), tf.mul(variance, count / (count - 1)));
  }
}

/** All tensors of a pass. */
const tensorsOf = ({ output, logit, statistics }: Pass): Tensor[] => [
  output,
  logit,
  ...statistics.flatMap(({ mean, variance }) => [mean, variance]),
];

/** Keeps a pass's tensors, which the gradient's own scope would free. */
export function kept(pass: Pass): Pass {
  for (const tensor of tensorsOf(pass)) tf.keep(tensor);
  return pass;
}

/** Disposes of what `kept` kept. */
export function disposeOf(passes: readonly Pass[]): void {
  tf.dispose(passes.flatMap(tensorsOf));
}

function variableOf(layer: Layer, name: string): Variable {
  const weight = layer.weights.find((candidate) => weightName(candidate).endsWith(`/${name}`));
  return weight?.read() as Variable;
}
