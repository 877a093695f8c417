/** @file The two networks of a DCGAN as plain tfjs layers models (NHWC), with the initial weights of a run. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { tf, tfl } from '../../../exporter/tf.js';
import { weightName, type LayerWeight } from '../../../exporter/layers/weights.js';
import { Random } from '../../../inference/numeric/random.js';
import { InputError } from '../../../onnx/errors.js';
import { elementCount } from '../../../onnx/graph/graph.js';
import type { GanConfig } from '../../settings/config.js';
import { isLabelTable, labelledDiscriminator, labelledGenerator } from './labels.js';

type Layer = LayersModel['layers'][number];

/** Momentum of running statistics as tfjs defines it: 0.9 equals PyTorch's default 0.1. */
const BATCH_NORM_MOMENTUM = 0.9;
const LEAKY_SLOPE = 0.2;
/** Standard deviation of initial convolution kernels (Radford et al. 2016, section 4). */
const KERNEL_STD = 0.02;

/** Options for building a network. */
export interface ModelOptions {
  /** Whether to draw initial weights. If not, weights are zero and set by the caller. */
  initialWeights?: boolean;
}

/**
 * The generator: latents [N, Z], with `conditional` also one-hot labels [N, K], → pictures [N, S, S, C] in −1…1. The first transposed convolution gives 4×4 maps; each further
 * stage doubles the size and halves the channels, down to `ngf` before the output.
 * @throws InputError if `imageSize` is not 4·2^k with k ≥ 1
 */
export function generatorModel(config: GanConfig, { initialWeights = true }: ModelOptions = {}): LayersModel {
  const { channels, convBias: useBias, latentDim, ngf } = config;
  const stages = stageCount(config.imageSize);
  const upsampling = { kernelSize: 4, strides: 2, padding: 'same', useBias, kernelInitializer: 'zeros' } as const;
  const input = config.conditional ? { size: 2 * latentDim } : { size: latentDim, inputShape: [latentDim] };
  const { size, ...first } = input;
  const layers: Layer[] = [tfl.layers.reshape({ name: 'g_latent', ...first, targetShape: [1, 1, size] })];
  for (let stage = 1; stage <= stages; stage++) {
    const opening = stage === 1 && ({ strides: 1, padding: 'valid' } as const);
    const filters = ngf * 2 ** (stages - stage);
    layers.push(tfl.layers.conv2dTranspose({ name: `g_stage${stage}_conv`, ...upsampling, ...opening, filters }));
    if (config.norm === 'batch') layers.push(batchNorm(`g_stage${stage}_norm`, config));
    layers.push(tfl.layers.reLU({ name: `g_stage${stage}_relu` }));
  }
  layers.push(tfl.layers.conv2dTranspose({ name: 'g_output_conv', ...upsampling, filters: channels }));
  layers.push(tfl.layers.activation({ name: 'g_output_tanh', activation: 'tanh' }));
  const model = config.conditional ? labelledGenerator(config, layers) : tfl.sequential({ name: 'generator', layers });
  return initialWeights ? withInitialWeights(model, config) : model;
}

/**
 * The discriminator: pictures [N, S, S, C], with `conditional` also one-hot labels [N, K], → probabilities of being real [N, 1]. Each stage halves the size and doubles
 * the channels, starting at `ndf`; at 4×4 the head computes the logit. Layer `d_logit` is the logit [N, 1] for every
 * head, and the last layer, `d_probability`, is its sigmoid.
 * @throws InputError if `imageSize` is not 4·2^k with k ≥ 1
 */
export function discriminatorModel(config: GanConfig, { initialWeights = true }: ModelOptions = {}): LayersModel {
  const { channels, convBias: useBias, imageSize, ndf } = config;
  const convolution = { kernelSize: 4, useBias, kernelInitializer: 'zeros' } as const;
  const layers: Layer[] = [];
  for (let stage = 1; stage <= stageCount(imageSize); stage++) {
    const input = stage === 1 && !config.conditional && { inputShape: [imageSize, imageSize, channels] };
    const halving = { ...convolution, ...input, strides: 2, padding: 'same', filters: ndf * 2 ** (stage - 1) } as const;
    layers.push(tfl.layers.conv2d({ name: `d_stage${stage}_conv`, ...halving }));
    if (config.normD === 'batch' && (stage > 1 || config.firstBatchNorm))
      layers.push(batchNorm(`d_stage${stage}_norm`, config));
    layers.push(tfl.layers.leakyReLU({ name: `d_stage${stage}_leaky_relu`, alpha: LEAKY_SLOPE }));
  }
  if (config.head === 'conv') {
    layers.push(tfl.layers.conv2d({ name: 'd_head_conv', ...convolution, filters: 1 }));
    layers.push(tfl.layers.flatten({ name: 'd_logit' }));
  } else {
    layers.push(tfl.layers.flatten({ name: 'd_head_flatten' }));
    layers.push(tfl.layers.dense({ name: 'd_logit', units: 1, kernelInitializer: 'zeros' }));
  }
  layers.push(tfl.layers.activation({ name: 'd_probability', activation: 'sigmoid' }));
  const model = config.conditional
    ? labelledDiscriminator(config, layers)
    : tfl.sequential({ name: 'discriminator', layers });
  return initialWeights ? withInitialWeights(model, config) : model;
}

/** k of imageSize = 4·2^k: the stages between 4×4 maps and the picture. */
function stageCount(imageSize: number): number {
  const stages = Math.log2(imageSize / 4);
  if (!Number.isInteger(stages) || stages < 1) {
    throw new InputError({ name: 'imageSize', expected: '8, 16, 32, 64, 128, … (4·2^k)', got: imageSize });
  }
  return stages;
}

function batchNorm(name: string, { batchNormEpsilon }: GanConfig) {
  return tfl.layers.batchNormalization({ name, epsilon: batchNormEpsilon, momentum: BATCH_NORM_MOMENTUM });
}

/**
 * Initialises the weights as the seed systems do. Each weight has its own stream of random numbers, so it depends only on
 * the run's seed, its name and its shape.
 */
function withInitialWeights(model: LayersModel, config: GanConfig): LayersModel {
  for (const layer of model.layers) {
    const values = layer.weights.map((weight) => {
      const shape = weight.shape as number[];
      return tf.tensor(initialWeight(layer, weight, config), shape);
    });
    layer.setWeights(values);
    tf.dispose(values);
  }
  return model;
}

function initialWeight(layer: Layer, weight: LayerWeight, config: GanConfig): Float32Array {
  const name = weightName(weight);
  const random = Random.derived(config.seed, `weights/${name}`);
  const filled = (element: () => number) =>
    Float32Array.from({ length: elementCount(weight.shape as number[]) }, element);
  const kind = name.slice(name.lastIndexOf('/') + 1);
  switch (kind) {
    case 'kernel':
    case 'bias': {
      // As PyTorch's Embedding.
      if (isLabelTable(name)) return filled(() => random.normal());
      // Other weights, such as those of dense layers, keep PyTorch's default initialisation.
      if (layer.getClassName() === 'Dense' || config.kernelInit === 'pytorch') {
        const bound = 1 / Math.sqrt(fanIn(layer));
        return filled(() => bound * (2 * random.uniform() - 1));
      }
      return kind === 'bias' ? filled(() => 0) : filled(() => KERNEL_STD * random.normal());
    }
    case 'gamma':
      return filled(() => 1 + config.batchNormInitStd * random.normal());
    case 'moving_variance':
      return filled(() => 1);
    default:
      return filled(() => 0);
  }
}

/**
 * Inputs per output as PyTorch counts them: all sizes of its weight but the first, which for a transposed convolution,
 * [in, out, kh, kw], is the input's. tfjs has that first size last.
 */
function fanIn(layer: Layer): number {
  return elementCount((layer.weights[0]?.shape ?? []).slice(0, -1) as number[]);
}
