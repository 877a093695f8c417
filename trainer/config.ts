/** @file Everything that decides what a run computes: one flat configuration, saved as `config.json`. */
import type { Normalization } from '../inference/pictures.js';

/** The names of the presets, in the order they are listed to users. */
export const presetNames = ['cub200', 'fashion-mnist', 'pokemon', 'space'] as const;

/** The seed systems, by name. */
export type PresetName = (typeof presetNames)[number];

/** The discriminator's last layer: a dense layer on the flattened 4×4 maps, or a 4×4 convolution to 1×1. */
export type Head = 'dense' | 'conv';

/** Hyper-parameters of a DCGAN and of its training. */
export interface GanConfig {
  preset: PresetName;
  /** Height and width of the pictures: 4·2^k. */
  imageSize: number;
  channels: 1 | 3;
  latentDim: number;
  /** Channels of the generator's last hidden stage; each earlier stage has twice as many. */
  ngf: number;
  /** Channels of the discriminator's first stage; each later stage has twice as many. */
  ndf: number;
  head: Head;
  /** Whether convolutions have biases. */
  convBias: boolean;
  /** Whether the discriminator's first stage has batch norm. */
  firstBatchNorm: boolean;
  batchNormEpsilon: number;
  /** Initial convolutions: kernels N(0, 0.02²) and biases 0, or PyTorch's default, uniform over ±1/√(fan in). */
  kernelInit: 'normal' | 'pytorch';
  /** Standard deviation, around 1, of the initial batch norm scales. */
  batchNormInitStd: number;
  normalization: Normalization;
  resize: 'crop' | 'squash';
  /** Mirror each picture left to right with probability ½, drawn anew in each epoch. */
  flip: boolean;
  batchSize: number;
  /** Adam learning rate of the generator. */
  lr: number;
  /** Adam learning rate of the discriminator. */
  lrD: number;
  beta1: number;
  beta2: number;
  epochs: number;
  /** Draw new latents for the generator's update instead of reusing those of the discriminator's update. */
  freshLatents: boolean;
  /** Multiply the discriminator's loss by one half. */
  halveDiscriminatorLoss: boolean;
  seed: number;
}
