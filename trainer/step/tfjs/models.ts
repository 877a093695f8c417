/** @file The two networks of a GAN as plain tfjs layers models (NHWC), with the initial weights of a run. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ArchName, GanConfig } from '../../settings/config.js';
import { dcganDiscriminator, dcganGenerator, largestDcganKernel } from './models/dcgan.js';
import { withInitialWeights } from './models/initial-weights.js';
import { largestResidualKernel, residualDiscriminator, residualGenerator } from './models/resnet.js';

/** Options for building a network. */
export interface ModelOptions {
  /** Whether to draw initial weights. If not, weights are zero and set by the caller. */
  initialWeights?: boolean;
}

type Network = 'generator' | 'discriminator';

/** How an architecture builds each network, and how many numbers its largest kernel has at least. */
type Architecture = Readonly<Record<Network, (config: GanConfig) => LayersModel>> & {
  largestKernel: (network: Network, config: GanConfig) => number;
};

const architectures: Readonly<Record<ArchName, Architecture>> = {
  dcgan: { generator: dcganGenerator, discriminator: dcganDiscriminator, largestKernel: largestDcganKernel },
  resnet: { generator: residualGenerator, discriminator: residualDiscriminator, largestKernel: largestResidualKernel },
};

/** The numbers that the largest kernel of a network has at least, without building the network. */
export function largestKernel(network: Network, config: GanConfig): number {
  return architectures[config.arch].largestKernel(network, config);
}

/**
 * The generator: latents [N, Z], with `conditional` also one-hot labels [N, K], → pictures [N, S, S, C] in −1…1.
 * @throws InputError if the architecture has no network for `imageSize`
 */
export function generatorModel(config: GanConfig, { initialWeights = true }: ModelOptions = {}): LayersModel {
  const model = architectures[config.arch].generator(config);
  return initialWeights ? withInitialWeights(model, config) : model;
}

/**
 * The discriminator: pictures [N, S, S, C], with `conditional` also one-hot labels [N, K], → probabilities of being real
 * [N, 1]. Layer `d_logit` is the logit [N, 1], and the last layer, `d_probability`, is its sigmoid.
 * @throws InputError if the architecture has no network for `imageSize`
 */
export function discriminatorModel(config: GanConfig, { initialWeights = true }: ModelOptions = {}): LayersModel {
  const model = architectures[config.arch].discriminator(config);
  return initialWeights ? withInitialWeights(model, config) : model;
}
