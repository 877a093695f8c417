/** @file All hyper-parameters of the seed systems, by name, and what values each may take. */
import type { Normalization } from '../inference/pictures.js';
import { InputError } from '../onnx/errors.js';
import type { GanConfig, PresetName } from './config.js';

/** Each preset names its seed; where a value is not plain to see there, the comment says where it comes from. */
export const presets: Readonly<Record<PresetName, Readonly<GanConfig>>> = {
  /** "Image Generation with Generative Adversarial Networks (GAN)", OmegaXYZ 2021: birds of CUB-200-2011. */
  cub200: {
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
};

/** The names of the presets, in the order they are listed to users. */
export const presetNames = Object.keys(presets) as PresetName[];

/** What a setting may be, in words and as a test. */
interface Check {
  expected: string;
  accepts: (value: unknown) => boolean;
}

const oneOf = (choices: readonly unknown[]): Check => ({
  expected: `one of ${choices.join(', ')}`,
  accepts: (value) => choices.includes(value),
});
const integer = (from: number, to: number, expected = `an integer of ${from}…${to}`): Check => ({
  expected,
  accepts: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to,
});
const number = (expected: string, accepts: (value: number) => boolean): Check => ({
  expected,
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && accepts(value),
});
const boolean: Check = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
const learningRate = number('a number above 0 and at most 1', (value) => value > 0 && value <= 1);
const decay = number('a number of at least 0 and below 1', (value) => value >= 0 && value < 1);

/** A check for each setting of a `GanConfig`. */
const checks: { [Name in keyof GanConfig]: Check } = {
  preset: oneOf(presetNames),
  imageSize: {
    expected: '4·2^k between 8 and 512 (8, 16, 32, …)',
    accepts: (value) => [8, 16, 32, 64, 128, 256, 512].some((size) => size === value),
  },
  channels: oneOf([1, 3]),
  latentDim: integer(1, 65_536),
  ngf: integer(1, 1024),
  ndf: integer(1, 1024),
  head: oneOf(['dense', 'conv']),
  convBias: boolean,
  firstBatchNorm: boolean,
  batchNormEpsilon: number('a number above 0', (value) => value > 0),
  kernelInit: oneOf(['normal', 'pytorch']),
  batchNormInitStd: number('a number of at least 0', (value) => value >= 0),
  normalization: {
    expected: 'mean and std, one finite number per channel each, std above 0',
    accepts: isNormalization,
  },
  resize: oneOf(['crop', 'squash']),
  batchSize: integer(1, 65_536),
  lr: learningRate,
  lrD: learningRate,
  beta1: decay,
  beta2: decay,
  epochs: integer(1, 1_000_000_000),
  freshLatents: boolean,
  halveDiscriminatorLoss: boolean,
  seed: integer(0, Number.MAX_SAFE_INTEGER, 'an integer of 0…2^53 − 1'),
};

function isNormalization(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { mean, std } = value as Record<string, unknown>;
  if (!Array.isArray(mean) || !Array.isArray(std) || mean.length !== std.length) return false;
  return mean.every((m) => Number.isFinite(m)) && std.every((s) => Number.isFinite(s) && s > 0);
}

/** A setting as users write it: `lrD` → `--lr-d`. */
function optionName(setting: string): string {
  return `--${setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * `values` if they are a complete and valid configuration.
 * @param values what was put together from options, or read from a `config.json`
 * @param file where `values` were read from; errors then name it and the setting instead of the option
 * @throws InputError that names the setting, what is expected and what was found
 */
export function checkedConfig(values: unknown, file?: string): GanConfig {
  const name = (setting: string) => (file === undefined ? optionName(setting) : `${file}: ${setting}`);
  if (typeof values !== 'object' || values === null) {
    throw new InputError(`${file ?? 'configuration'}: expected an object of settings; got ${JSON.stringify(values)}`);
  }
  const unknown = Object.keys(values).find((setting) => !Object.hasOwn(checks, setting));
  if (unknown !== undefined) {
    throw new InputError(`${name(unknown)}: expected one of the settings ${Object.keys(checks).join(', ')}`);
  }
  for (const [setting, { expected, accepts }] of Object.entries(checks)) {
    const value: unknown = (values as Record<string, unknown>)[setting];
    if (!accepts(value)) throw new InputError(`${name(setting)}: expected ${expected}; got ${found(value)}`);
  }
  const config = values as GanConfig;
  const count = config.normalization.mean.length;
  if (count !== config.channels) {
    throw new InputError(`${name('normalization')}: expected numbers for ${config.channels} channel(s); got ${count}`);
  }
  return config;
}

function found(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
}

/** The normalisation for another number of channels, where all its channels are treated alike. */
function spreadNormalization({ mean, std }: Normalization, channels: number): Normalization {
  const alike = [mean, std].every((values) => values.every((value) => value === values[0]));
  if (mean.length === channels || !alike) return { mean, std };
  const spread = (values: readonly number[]) => Array.from({ length: channels }, () => values[0] ?? 0);
  return { mean: spread(mean), std: spread(std) };
}

/**
 * A preset with some settings changed. Settings that are `undefined` are the preset's. Two settings follow another
 * unless they are given: the discriminator's learning rate keeps its ratio to `lr`, as in the seeds' code, and a
 * normalisation that treats all channels alike does so for any number of channels.
 * @throws InputError that names the option that is wrong, as written on the command line
 */
export function configWith(preset: PresetName, overrides: Partial<Omit<GanConfig, 'preset'>> = {}): GanConfig {
  if (!presetNames.includes(preset)) {
    throw new InputError(`--preset: expected ${checks.preset.expected}; got ${found(preset)}`);
  }
  const base = presets[preset];
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const merged: GanConfig = { ...base, ...given, preset };
  return checkedConfig({
    ...merged,
    lrD: overrides.lrD ?? merged.lr * (base.lrD / base.lr),
    normalization: overrides.normalization ?? spreadNormalization(base.normalization, merged.channels),
  });
}
