/** @file All hyper-parameters of the seed systems and of `birds`, by name. */
import type { Normalization } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import { checkedConfig, plainTraining } from './checked-config.js';
import {
  adaTargets,
  augmentationNames,
  HELD_OUT_FOR_ADA,
  presetNames,
  type GanConfig,
  type PresetName,
} from './config.js';
import { usedSettings } from './rules.js';
import { configSettings, found } from './table.js';

/** Each preset but the last names its seed; where a value is not plain to see there, the comment says where it comes from. */
export const presets: Readonly<Record<PresetName, Readonly<GanConfig>>> = {
  /** "Image Generation with Generative Adversarial Networks (GAN)", OmegaXYZ 2021: birds of CUB-200-2011. */
  cub200: {
    ...plainTraining,
    preset: 'cub200',
    imageSize: 128,
    channels: 3,
    latentDim: 100,
    ngf: 128, // as DCGAN.py builds the networks; main.py also names 64, but nothing reads it
    ndf: 128,
    head: 'dense', // use_fully = True, the report's finding
    convBias: false,
    firstBatchNorm: false,
    batchNormEpsilon: 1e-5, // PyTorch's default
    kernelInit: 'normal',
    batchNormInitStd: 0.02, // weights_init
    normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    resize: 'crop',
    batchSize: 128,
    lr: 2e-4,
    lrD: 2e-4,
    beta1: 0.5,
    beta2: 0.999,
    epochs: 200,
    freshLatents: false,
    halveDiscriminatorLoss: false,
    seed: 999, // manualSeed
  },
  /** "Understanding Deep Convolutional GANs with a PyTorch implementation", OpenGenus. */
  'fashion-mnist': {
    ...plainTraining,
    preset: 'fashion-mnist',
    imageSize: 64, // Scale(64) of 28×28
    channels: 1,
    latentDim: 100,
    ngf: 128, // deconv4 gives 128 channels
    ndf: 128,
    head: 'conv',
    convBias: true, // PyTorch's default, set to 0 at the start
    firstBatchNorm: false,
    batchNormEpsilon: 1e-5, // PyTorch's default
    kernelInit: 'normal',
    batchNormInitStd: 0, // weight_init leaves PyTorch's 1
    normalization: { mean: [0], std: [1] }, // ToTensor alone
    resize: 'crop',
    batchSize: 64,
    lr: 2e-4,
    lrD: 1e-4, // learning_rate / 2
    beta1: 0.5,
    beta2: 0.999,
    epochs: 24,
    freshLatents: true, // z_ is drawn again for the generator
    halveDiscriminatorLoss: false,
    seed: 0,
  },
  /** "Deep Convolutional Generative Adversarial Networks", Dive into Deep Learning in PyTorch: Pokémon sprites. */
  pokemon: {
    ...plainTraining,
    preset: 'pokemon',
    imageSize: 64,
    channels: 3,
    latentDim: 100,
    ngf: 64, // n_G
    ndf: 64, // n_D
    head: 'conv',
    convBias: false,
    firstBatchNorm: true, // every D_block has batch norm
    batchNormEpsilon: 0.8, // BatchNorm2d(out_channels, 0.8): the second argument is ε
    kernelInit: 'normal',
    batchNormInitStd: 0.02, // weights_init_normal
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    resize: 'squash', // Resize((64, 64))
    batchSize: 256,
    lr: 5e-3,
    lrD: 5e-3,
    beta1: 0.5,
    beta2: 0.999,
    epochs: 50,
    freshLatents: false, // Z serves both updates
    halveDiscriminatorLoss: true, // (loss + loss) / 2
    seed: 0,
  },
  /** "Deep Convolutional Generative Adversarial Networks report", Messina 2021: planets, stars and galaxies. */
  space: {
    ...plainTraining,
    preset: 'space',
    imageSize: 64,
    channels: 3,
    latentDim: 128,
    ngf: 64,
    ndf: 64,
    head: 'conv',
    convBias: false,
    firstBatchNorm: true,
    batchNormEpsilon: 1e-5, // PyTorch's default
    kernelInit: 'pytorch', // nothing sets the weights
    batchNormInitStd: 0, // PyTorch's default
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    resize: 'crop',
    batchSize: 10,
    lr: 2e-3, // compared with 2e-4 in the report
    lrD: 2e-3,
    beta1: 0.5,
    beta2: 0.999,
    epochs: 200,
    freshLatents: true, // train_generator draws its own
    halveDiscriminatorLoss: false,
    seed: 0,
  },
  /** No seed: the best of the networks that were trained for 40 minutes on CUB-200-2011's birds (bench/results/generators.md). */
  birds: {
    ...plainTraining,
    preset: 'birds',
    imageSize: 64,
    channels: 3,
    latentDim: 100,
    ngf: 16,
    ndf: 16,
    head: 'conv',
    convBias: false,
    firstBatchNorm: false,
    batchNormEpsilon: 1e-5,
    kernelInit: 'normal',
    batchNormInitStd: 0.02,
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    resize: 'crop',
    batchSize: 32,
    lr: 2e-4,
    lrD: 2e-4,
    beta1: 0.5,
    beta2: 0.999,
    epochs: 251, // 22,590 steps with all 2,903 pictures of the data
    freshLatents: false,
    halveDiscriminatorLoss: false,
    diffaugment: augmentationNames,
    ema: 0.999,
    seed: 999,
  },
};

/** What the authors of SNGAN's residual networks give them, unless it is set. */
const residualDefaults = { head: 'dense', convBias: true, firstBatchNorm: false, kernelInit: 'glorot' } as const;

/** Whether the discriminator can have no batch norm. */
const withoutNorm = ({ arch, loss }: GanConfig) => arch === 'resnet' || loss === 'wgan-gp';

/** The normalisation for another number of channels, where all its channels are treated alike. */
function spreadNormalization({ mean, std }: Normalization, channels: number): Normalization {
  const alike = [mean, std].every((values) => values.every((value) => value === values[0]));
  if (mean.length === channels || !alike) return { mean, std };
  const spread = (values: readonly number[]) => Array.from({ length: channels }, () => values[0] ?? 0);
  return { mean: spread(mean), std: spread(std) };
}

/**
 * A preset with some settings changed. Settings that are `undefined` are the preset's. Some settings follow others
 * unless they are given: the discriminator's learning rate keeps its ratio to `lr`, as in the seeds' code, its norm is
 * `norm` where that is given and none with the loss wgan-gp or the networks resnet, which also have their authors' biases
 * and initial weights, the numbers of penalties are those of their papers, `ada` has all changes of DiffAugment and follows the
 * signal of held-out pictures, of which there are 10% then, with the target of its authors, and a normalisation that treats
 * all channels alike does so for any number of channels.
 * @throws InputError that names the option that is wrong, as written on the command line
 */
export function configWith(preset: PresetName, overrides: Partial<Omit<GanConfig, 'preset'>> = {}): GanConfig {
  if (!presetNames.includes(preset)) {
    throw new InputError({ name: 'preset', expected: configSettings.preset.expected, got: found(preset) });
  }
  const base = presets[preset];
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const merged: GanConfig = { ...base, ...given, preset };
  const adaSignal = overrides.adaSignal ?? (merged.ada ? 'held-out' : base.adaSignal);
  const needsHeldOut = merged.ada && adaSignal === 'held-out';
  const config = checkedConfig({
    ...merged,
    ...(merged.arch === 'resnet' && { ...residualDefaults, ...given }),
    normD: overrides.normD ?? (withoutNorm(merged) ? 'none' : (overrides.norm ?? base.normD)),
    r1Every: overrides.r1Every ?? (merged.r1 > 0 || merged.r2 > 0 ? 16 : 1),
    gp: overrides.gp ?? (merged.loss === 'wgan-gp' ? 10 : 0),
    clip: overrides.clip ?? (merged.loss === 'wgan' ? 0.01 : 0),
    diffaugment: overrides.diffaugment ?? (merged.ada ? augmentationNames : base.diffaugment),
    adaSignal,
    adaTarget: overrides.adaTarget ?? (merged.ada ? adaTargets[adaSignal] : base.adaTarget),
    heldOut: overrides.heldOut ?? (needsHeldOut ? HELD_OUT_FOR_ADA : base.heldOut),
    lrD: overrides.lrD ?? merged.lr * (base.lrD / base.lr),
    normalization: overrides.normalization ?? spreadNormalization(base.normalization, merged.channels),
  });
  const unused = usedSettings(config, base).find(({ isRight }) => !isRight);
  if (unused === undefined) return config;
  throw new InputError({ name: unused.name, expected: unused.expected, got: found(config[unused.name]) });
}
