/** @file Everything that decides what a run computes: one flat configuration, saved as `config.json`. */
import type { Normalization } from '../../inference/pictures/pictures.js';

/** The names of the presets, in the order they are listed to users. */
export const presetNames = ['cub200', 'fashion-mnist', 'pokemon', 'space', 'birds'] as const;

/** The preset of runs that name none. */
export const defaultPreset = 'space' satisfies PresetName;

/** The seed systems and `birds`, by name. */
export type PresetName = (typeof presetNames)[number];

/** The architectures of the two networks. */
export const archNames = ['dcgan', 'resnet'] as const;

/** DCGAN (Radford et al. 2016) or the residual networks of SNGAN (Miyato et al. 2018). */
export type ArchName = (typeof archNames)[number];

/** The picture sizes that there are residual networks for. */
export const residualSizes = [32, 64, 128, 256, 512] as const;

/** The discriminator's last layer: a dense layer on the flattened 4×4 maps, or a 4×4 convolution to 1×1. */
export type Head = 'dense' | 'conv';

/** The pairs of losses that the two networks can be trained with. */
export const lossNames = ['bce', 'hinge', 'lsgan', 'wgan', 'wgan-gp', 'rasgan', 'rahinge', 'ralsgan'] as const;

/** The pair of losses that the two networks are trained with. */
export type LossName = (typeof lossNames)[number];

/** Losses of scores relative to the mean score of the other kind of pictures: the generator's update needs real ones too. */
export function isRelativistic({ loss }: Pick<GanConfig, 'loss'>): boolean {
  return loss === 'rasgan' || loss === 'rahinge' || loss === 'ralsgan';
}

/** Losses with targets for real and generated pictures, which can be smoothed. */
export function hasTargets({ loss }: Pick<GanConfig, 'loss'>): boolean {
  return loss === 'bce' || loss === 'lsgan';
}

/** How the weights of convolutions begin. */
export const kernelInits = ['normal', 'pytorch', 'glorot'] as const;

/** How the weights of convolutions begin. */
export type KernelInit = (typeof kernelInits)[number];

/** What a network normalises its stages with. */
export type Norm = 'batch' | 'none';

/** The families of DiffAugment's random changes, in the order they are applied. */
export const augmentationNames = ['color', 'translation', 'cutout'] as const;

/** A family of DiffAugment's random changes. */
export type AugmentationName = (typeof augmentationNames)[number];

/** What the probability of adaptive augmentation follows; see `ada.ts`. */
export const adaSignals = ['held-out', 'sign'] as const;

/** What the probability of adaptive augmentation follows. */
export type AdaSignal = (typeof adaSignals)[number];

/** The targets of the signals, from the code of their authors (stylegan2-ada, `--aug adarv` and `--aug ada`). */
export const adaTargets: Readonly<Record<AdaSignal, number>> = { 'held-out': 0.5, sign: 0.6 };

/** What a configuration without adaptive augmentation has, and one that was saved before there was a choice of signals. */
export const adaDefaults = { adaSignal: 'sign', adaTarget: adaTargets.sign, adaImages: 100_000 } as const;

/** Share of the pictures that is held out for the signal of that name, unless it is given. */
export const HELD_OUT_FOR_ADA = 0.1;

/** Hyper-parameters of a GAN and of its training. */
export interface GanConfig {
  preset: PresetName;
  arch: ArchName;
  /** Height and width of the pictures: 4·2^k. */
  imageSize: number;
  channels: 1 | 3;
  latentDim: number;
  /** Channels of the generator's last hidden stage; each earlier stage of a DCGAN has twice as many. */
  ngf: number;
  /** Channels of the discriminator's first stage; each later stage of a DCGAN has twice as many. */
  ndf: number;
  head: Head;
  /** Whether convolutions have biases. */
  convBias: boolean;
  /** Norm of the generator's stages. */
  norm: Norm;
  /** Norm of the discriminator's stages. */
  normD: Norm;
  /** Spectral normalisation of the discriminator's convolutions and dense layer (Miyato et al. 2018). */
  spectralNorm: boolean;
  /** Whether the discriminator's first stage has its norm too. */
  firstBatchNorm: boolean;
  batchNormEpsilon: number;
  /**
   * Initial convolutions: kernels N(0, 0.02²) and biases 0; or PyTorch's default, uniform over ±1/√(fan in); or, with dense layers,
   * those of Glorot and Bengio 2010, uniform, and biases 0.
   */
  kernelInit: KernelInit;
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
  loss: LossName;
  /** Taken from the target 1 of real pictures, only for the discriminator (Salimans et al. 2016, section 3.4); 0 for off. */
  labelSmoothing: number;
  /** γ of R1, a penalty of the discriminator's gradient at real pictures (Mescheder et al. 2018, eq. 9); 0 for off. */
  r1: number;
  /** γ of R2, the same at generated pictures (eq. 10); 0 for off. */
  r2: number;
  /** R1 and R2 are in every k-th step, with k times their weight (Karras et al. 2020, section 3.1); 1 without them. */
  r1Every: number;
  /** λ of the gradient penalty of the loss wgan-gp (Gulrajani et al. 2017, eq. 3); 0 for other losses. */
  gp: number;
  /** Largest absolute weight of the discriminator with the loss wgan (Arjovsky et al. 2017, algorithm 1); 0 for other losses. */
  clip: number;
  /** Random changes of all pictures that the discriminator sees (Zhao et al. 2020); none for off. */
  diffaugment: readonly AugmentationName[];
  /** Whether the probability of these changes follows the discriminator's overfitting (Karras et al. 2020); see `ada.ts`. */
  ada: boolean;
  /** What tells the overfitting: the discriminator's logits on held-out pictures, or the signs of those on trained ones. */
  adaSignal: AdaSignal;
  /** The value of that signal that the probability is steered to. */
  adaTarget: number;
  /** Real pictures within which the probability can go from 0 to 1. */
  adaImages: number;
  /** Share of the pictures that the discriminator judges but is never trained on, 0…0.5; 0 for none. See `held-out.ts`. */
  heldOut: number;
  /** Decay of the averaged generator's moving average (Karras et al. 2018); 0 for no averaged generator. */
  ema: number;
  /** Whether that decay starts small: min(ema, (1 + t)/(10 + t)) in step t, as TensorFlow's moving averages do. */
  emaWarmup: boolean;
  /** Updates of the discriminator in a step, each with its own pictures and latents. */
  dSteps: number;
  /** How both learning rates fall to zero at the end of the run. */
  lrDecay: 'none' | 'linear' | 'cosine';
  /** Fraction of the run after which they begin to fall, 0…1. */
  lrDecayStart: number;
  /** Whether both networks are told the class of each picture (Mirza and Osindero 2014). */
  conditional: boolean;
  /** The classes that they know, in the order of their numbers; none without `conditional`. The data decide, so it is no setting. */
  classNames: readonly string[];
  seed: number;
}

/** What of a configuration users can set. */
export type ConfigSetting = Exclude<keyof GanConfig, 'classNames'>;
