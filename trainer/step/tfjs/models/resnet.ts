/**
 * @file The residual networks of SNGAN (Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", appendix
 * B.4) as tfjs layers models of standard layers. Blocks are those of the authors' code (pfnet-research/sngan_projection); the channels of
 * each picture size are those of PyTorch-StudioGAN (src/models/resnet.py), which agree with the paper's at 32 and 128 pixels.
 */
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { tfl } from '../../../../exporter/tf.js';
import { InputError } from '../../../../onnx/errors.js';
import { residualSizes, type GanConfig } from '../../../settings/config.js';
import { labelInput } from './labels.js';
import { batchNorm } from './layers.js';
import { conditionalNorm, projectedLogit } from './projection.js';

type Layer = LayersModel['layers'][number];

/** Channels of each block, in multiples of `ngf` and `ndf`; the generator's begin with those of its first 4×4 maps. */
interface Plan {
  generator: readonly number[];
  discriminator: readonly number[];
  /** Blocks of the discriminator that halve the size; those behind them keep it. */
  halvings: number;
}

const plans: Readonly<Record<(typeof residualSizes)[number], Plan>> = {
  32: { generator: [4, 4, 4, 4], discriminator: [2, 2, 2, 2], halvings: 2 },
  64: { generator: [16, 8, 4, 2, 1], discriminator: [1, 2, 4, 8, 16], halvings: 4 },
  128: { generator: [16, 16, 8, 4, 2, 1], discriminator: [1, 2, 4, 8, 16, 16], halvings: 5 },
  256: { generator: [16, 16, 8, 8, 4, 2, 1], discriminator: [1, 2, 4, 8, 8, 16, 16], halvings: 6 },
  512: { generator: [16, 16, 8, 8, 4, 2, 1, 1], discriminator: [1, 1, 2, 4, 8, 8, 16, 16], halvings: 7 },
};

/** The channels of both networks. @throws InputError if there is no network for `imageSize` */
export function residualChannels({ imageSize, ngf, ndf }: Pick<GanConfig, 'imageSize' | 'ngf' | 'ndf'>): Plan {
  const size = residualSizes.find((each) => each === imageSize);
  const plan = size && plans[size];
  if (!plan) {
    throw new InputError({
      name: 'imageSize',
      expected: `one of ${residualSizes.join(', ')} for residual networks`,
      got: imageSize,
    });
  }
  const times = (width: number) => (multiple: number) => width * multiple;
  return { ...plan, generator: plan.generator.map(times(ngf)), discriminator: plan.discriminator.map(times(ndf)) };
}

/** Whether a layer is one of the two 3×3 convolutions of a residual block. */
export const isResidual = (layer: string): boolean => /^[gd]_block\d+_conv[12]$/.test(layer);

const applied = (layer: Layer, value: SymbolicTensor | SymbolicTensor[]) => layer.apply(value) as SymbolicTensor;

/** A convolution that keeps the size. */
function convolution(name: string, filters: number, kernelSize: 1 | 3, { convBias: useBias }: GanConfig): Layer {
  return tfl.layers.conv2d({ name, filters, kernelSize, padding: 'same', useBias, kernelInitializer: 'zeros' });
}

/** Batch norm, if any, and ReLU. @param label for numbers of each class in the norm */
function activated(
  name: string,
  number: number | '',
  config: GanConfig,
  value: SymbolicTensor,
  label?: SymbolicTensor,
): SymbolicTensor {
  const own = `${name}_norm${number}`;
  const norm = () => (label ? conditionalNorm(own, config, value, label) : applied(batchNorm(own, config), value));
  const normed = config.norm === 'batch' ? norm() : value;
  return applied(tfl.layers.reLU({ name: `${name}_relu${number}` }), normed);
}

/** The generator: latents [N, Z], with `conditional` also one-hot labels [N, K], → pictures [N, S, S, C] in −1…1. */
export function residualGenerator(config: GanConfig): LayersModel {
  const [first = 0, ...blocks] = residualChannels(config).generator;
  const latent = tfl.input({ name: 'latent', shape: [config.latentDim] });
  const label = config.conditional ? labelInput(config) : undefined;
  const dense = tfl.layers.dense({ name: 'g_dense', units: 16 * first, kernelInitializer: 'zeros' });
  const maps = tfl.layers.reshape({ name: 'g_maps', targetShape: [4, 4, first] });
  let value = applied(maps, applied(dense, latent));
  blocks.forEach((filters, index) => (value = doublingBlock(`g_block${index + 1}`, filters, config, value, label)));
  value = applied(convolution('g_output_conv', config.channels, 3, config), activated('g_output', '', config, value));
  const outputs = applied(tfl.layers.activation({ name: 'g_output_tanh', activation: 'tanh' }), value);
  return tfl.model({ name: 'generator', inputs: label ? [latent, label] : latent, outputs });
}

/** Norm, ReLU, doubling, convolution, norm, ReLU, convolution; beside it the shortcut. */
function doublingBlock(
  name: string,
  filters: number,
  config: GanConfig,
  x: SymbolicTensor,
  label: SymbolicTensor | undefined,
): SymbolicTensor {
  const doubled = (path: string) => tfl.layers.upSampling2d({ name: `${name}_${path}`, size: [2, 2] });
  let value = applied(doubled('upsample'), activated(name, 1, config, x, label));
  value = applied(convolution(`${name}_conv1`, filters, 3, config), value);
  value = applied(convolution(`${name}_conv2`, filters, 3, config), activated(name, 2, config, value, label));
  // The authors convolve what is doubled already. Of a 1×1 convolution, the result is the same, at four times the work.
  const narrow = applied(convolution(`${name}_shortcut_conv`, filters, 1, config), x);
  return applied(tfl.layers.add({ name: `${name}_sum` }), [value, applied(doubled('shortcut_upsample'), narrow)]);
}

/**
 * The discriminator: pictures [N, S, S, C], with `conditional` also one-hot labels [N, K], → probabilities of being real [N, 1]. Layer `d_logit` is the logit [N, 1], and
 * the last layer, `d_probability`, is its sigmoid. It has no batch norm.
 */
export function residualDiscriminator(config: GanConfig): LayersModel {
  const { imageSize, channels } = config;
  const { discriminator, halvings } = residualChannels(config);
  const picture = tfl.input({ name: 'picture', shape: [imageSize, imageSize, channels] });
  let value = picture;
  discriminator.forEach((filters, index) => {
    value = halvingBlock(
      `d_block${index + 1}`,
      { filters, first: index === 0, halve: index < halvings },
      config,
      value,
    );
  });
  value = applied(tfl.layers.reLU({ name: 'd_last_relu' }), value);
  // The sum over all positions: their mean, times their number.
  const mean = applied(tfl.layers.globalAveragePooling2d({ name: 'd_mean' }), value);
  const sum = applied(tfl.layers.rescaling({ name: 'd_sum', scale: (imageSize / 2 ** halvings) ** 2 }), mean);
  const label = config.conditional ? labelInput(config) : undefined;
  const dense = () => applied(tfl.layers.dense({ name: 'd_logit', units: 1, kernelInitializer: 'zeros' }), sum);
  const logit = label ? projectedLogit(sum, label) : dense();
  const outputs = applied(tfl.layers.activation({ name: 'd_probability', activation: 'sigmoid' }), logit);
  return tfl.model({ name: 'discriminator', inputs: label ? [picture, label] : picture, outputs });
}

/** ReLU (but not of the picture), convolution, ReLU, convolution, halving; beside it the shortcut. */
function halvingBlock(
  name: string,
  { filters, first, halve }: { filters: number; first: boolean; halve: boolean },
  config: GanConfig,
  x: SymbolicTensor,
): SymbolicTensor {
  const relu = (number: number) => tfl.layers.reLU({ name: `${name}_relu${number}` });
  const halved = (path: string, value: SymbolicTensor) =>
    halve ? applied(tfl.layers.averagePooling2d({ name: `${name}_${path}`, poolSize: 2 }), value) : value;
  let value = first ? x : applied(relu(1), x);
  value = applied(relu(2), applied(convolution(`${name}_conv1`, filters, 3, config), value));
  value = halved('pool', applied(convolution(`${name}_conv2`, filters, 3, config), value));
  // As in the authors' first block, the 1×1 convolution follows the pooling: the same numbers in both orders.
  let shortcut = halved('shortcut_pool', x);
  if (halve || x.shape.at(-1) !== filters) {
    shortcut = applied(convolution(`${name}_shortcut_conv`, filters, 1, config), shortcut);
  }
  return applied(tfl.layers.add({ name: `${name}_sum` }), [value, shortcut]);
}

/** The numbers of the largest 3×3 kernel. */
export function largestResidualKernel(network: 'generator' | 'discriminator', config: GanConfig): number {
  const { generator, discriminator } = residualChannels(config);
  // The generator's first number is that of the dense layer's maps.
  const [first = 0, ...blocks] = network === 'generator' ? generator : [0, ...discriminator];
  const inputs = [first, ...blocks];
  return 9 * Math.max(...blocks.map((filters, block) => filters * Math.max(filters, inputs[block] ?? 0)));
}
