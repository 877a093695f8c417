/** @file The two networks of a DCGAN as plain tfjs layers models (NHWC). */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { tfl } from '../../../../exporter/tf.js';
import { InputError } from '../../../../onnx/errors.js';
import type { GanConfig } from '../../../settings/config.js';
import { labelledDiscriminator, labelledGenerator } from './labels.js';
import { batchNorm } from './layers.js';

type Layer = LayersModel['layers'][number];

const LEAKY_SLOPE = 0.2;

/**
 * The generator: latents [N, Z], with `conditional` also one-hot labels [N, K], → pictures [N, S, S, C] in −1…1.
 * The first transposed convolution gives 4×4 maps; each further stage doubles the size and halves the channels, down to `ngf` before the output.
 * @throws InputError if `imageSize` is not 4·2^k with k ≥ 1
 */
export function dcganGenerator(config: GanConfig): LayersModel {
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
  return config.conditional ? labelledGenerator(config, layers) : tfl.sequential({ name: 'generator', layers });
}

/**
 * The discriminator: pictures [N, S, S, C], with `conditional` also one-hot labels [N, K], → probabilities of being real
 * [N, 1]. Each stage halves the size and doubles the channels, starting at `ndf`; at 4×4 the head computes the logit. Layer `d_logit` is the logit [N, 1] for every
 * head, and the last layer, `d_probability`, is its sigmoid.
 * @throws InputError if `imageSize` is not 4·2^k with k ≥ 1
 */
export function dcganDiscriminator(config: GanConfig): LayersModel {
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
  return config.conditional ? labelledDiscriminator(config, layers) : tfl.sequential({ name: 'discriminator', layers });
}

/** k of imageSize = 4·2^k: the stages between 4×4 maps and the picture. */
function stageCount(imageSize: number): number {
  const stages = Math.log2(imageSize / 4);
  if (!Number.isInteger(stages) || stages < 1) {
    throw new InputError({ name: 'imageSize', expected: '8, 16, 32, 64, 128, … (4·2^k)', got: imageSize });
  }
  return stages;
}

/** The numbers of the largest kernel; with labels, it may have more. */
export function largestDcganKernel(network: 'generator' | 'discriminator', config: GanConfig): number {
  const halvings = Math.log2(config.imageSize / 8);
  const widest = (network === 'generator' ? config.ngf : config.ndf) * 2 ** halvings;
  const inner = halvings > 0 ? widest / 2 : 0;
  const inputs = network === 'generator' ? Math.max(config.latentDim, inner) : inner || config.channels;
  return 16 * widest * inputs;
}
