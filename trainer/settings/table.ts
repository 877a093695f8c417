/** @file Every hyper-parameter, described once: its values and its meaning. Options, files and help come from here. */
import { closest } from 'fastest-levenshtein';
import { InputError } from '../../onnx/errors.js';
import {
  adaSignals,
  archNames,
  augmentationNames,
  defaultPreset,
  kernelInits,
  lossNames,
  presetNames,
  type ConfigSetting,
} from './config.js';

/** What a setting may be, in words and as a test. */
export interface Check {
  expected: string;
  accepts: (value: unknown) => boolean;
  /** The kind of option that sets it. */
  type: 'number' | 'boolean' | 'text';
  /** Whether it is a number without fractions. */
  whole?: true;
  /** The few values it may have, where they are texts. */
  choices?: readonly string[];
  /** The value that the text of an option, or an entry of a file, stands for. */
  meant?: (given: unknown) => unknown;
}

/** A setting as users see it. */
export interface Setting extends Check {
  /** Heading of the help it stands under. */
  group: string;
  help: string;
  /** Whether a resumed run may have another value. */
  resume: Resume;
}

/** A resumed run keeps a setting, may change it, or may change it until its first evaluation. */
export type Resume = 'kept' | 'free' | 'until-evaluated';

/** One of a few texts. */
export const choice = (choices: readonly string[]): Check => ({
  type: 'text',
  choices,
  expected: `one of ${choices.join(', ')}`,
  accepts: (value) => choices.some((each) => each === value),
});
/** One of a few numbers. */
export const oneOfNumbers = (choices: readonly number[], expected = `one of ${choices.join(', ')}`): Check => ({
  type: 'number',
  expected,
  accepts: (value) => choices.some((each) => each === value),
});
/** An integer of a range. */
export const integer = (from: number, to: number, expected = `an integer of ${from}…${to}`): Check => ({
  type: 'number',
  whole: true,
  expected,
  accepts: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to,
});
/** A finite number. */
export const number = (expected: string, accepts: (value: number) => boolean): Check => ({
  type: 'number',
  expected,
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && accepts(value),
});
/** True or false. */
export const boolean: Check = {
  type: 'boolean',
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};
/** Any text with something in it. */
export const text = (expected: string): Check => ({
  type: 'text',
  expected,
  accepts: (value) => typeof value === 'string' && value !== '',
  meant: (given) => (typeof given === 'number' ? String(given) : given),
});
/** A text of some characters at most, with something in it. */
export const shortText = (most: number): Check => ({
  ...text(`a text of at most ${most} characters`),
  accepts: (value) => typeof value === 'string' && value.trim() !== '' && value.length <= most,
});
/** Texts, written with commas between. */
export const list = (expected: string, accepts: (values: readonly string[]) => boolean): Check => ({
  type: 'text',
  expected,
  accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string') && accepts(value),
  meant: (given) =>
    Array.isArray(given) ? given.map((each) => (typeof each === 'number' ? String(each) : each)) : words(given),
});

const learningRate = number('a number above 0 and at most 1', (value) => value > 0 && value <= 1);
const decay = number('a number of at least 0 and below 1', (value) => value >= 0 && value < 1);
const weight = number('a number of at least 0', (value) => value >= 0);
const normalization: Check = {
  type: 'text',
  expected: 'mean and std, one finite number per channel each, std above 0',
  accepts: isNormalization,
  meant: (given) => {
    if (typeof given !== 'string') return given;
    const [mean, std, ...others] = given
      .split('/')
      .map((part) => part.split(',').map((word) => Number(word.trim() || 'none')));
    return others.length === 0 ? { mean, std } : given;
  },
};

/** The words of a text between commas; a number is one word. */
function words(given: unknown): unknown {
  if (typeof given !== 'string' && typeof given !== 'number') return given;
  return String(given)
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Values, help, and what a resumed run may do; by default it keeps the setting. */
type SettingEntry = readonly [Check, string, Resume?];

/** A table of settings of which each stands under the same heading. */
export function grouped<Name extends string>(group: string, table: Record<Name, SettingEntry>): Record<Name, Setting> {
  const entries = Object.entries<SettingEntry>(table).map(([name, [check, help, resume = 'kept']]) => [
    name,
    { ...check, group, help, resume },
  ]);
  return Object.fromEntries(entries) as Record<Name, Setting>;
}

const norm = choice(['batch', 'none']);
const augmentation = list(
  `a list of ${augmentationNames.join(', ')}, each at most once`,
  (values) =>
    new Set(values).size === values.length && values.every((name) => augmentationNames.some((each) => each === name)),
);

/** All settings of a `GanConfig`: what may be changed of a preset. */
export const configSettings: { [Name in ConfigSetting]: Setting } = {
  ...grouped('Hyper-parameters [default: of the preset]', {
    preset: [choice(presetNames), `Hyper-parameters of a known system [default: ${defaultPreset}]`],
    arch: [
      choice(archNames),
      'Networks: DCGAN, or the residual ones of SNGAN, for 32 pixels and more [default: dcgan]',
    ],
    imageSize: [
      oneOfNumbers([8, 16, 32, 64, 128, 256, 512], '4·2^k between 8 and 512 (8, 16, 32, …)'),
      'Height and width: 8, 16, 32, … 512',
    ],
    channels: [oneOfNumbers([1, 3]), '1 for grey pictures, 3 for colours'],
    resize: [choice(['crop', 'squash']), 'How pictures of other sizes are fitted: crop the centre, or squash'],
    normalization: [normalization, 'Per-channel mean and standard deviation, such as 0.5,0.5,0.5/0.5,0.5,0.5'],
    flip: [boolean, 'Random horizontal flip, p = 0.5'],
    latentDim: [integer(1, 65_536), 'Size of the latent vectors'],
    ngf: [
      integer(1, 1024),
      "Channels of the generator's last hidden stage; a quarter of them with resnet at 32 pixels",
    ],
    ndf: [integer(1, 1024), "Channels of the discriminator's first stage; half of them with resnet at 32 pixels"],
    head: [choice(['dense', 'conv']), "The discriminator's last layer"],
    convBias: [boolean, 'Biases in convolutions'],
    firstBatchNorm: [boolean, "Batch norm in the discriminator's first stage"],
    batchNormEpsilon: [number('a number above 0', (value) => value > 0), "Batch norm's ε"],
    kernelInit: [
      choice(kernelInits),
      "Initial weights: N(0, 0.02²), PyTorch's default, or Glorot's uniform ones [default with resnet]",
    ],
    batchNormInitStd: [
      number('a number of at least 0', (value) => value >= 0),
      'Standard deviation, around 1, of the initial batch norm scales',
    ],
    batchSize: [integer(1, 65_536), 'Pictures per update'],
    lr: [learningRate, "Adam learning rate of the generator; `lrD` follows in the preset's ratio unless it is given"],
    lrD: [learningRate, 'Adam learning rate of the discriminator'],
    beta1: [decay, "Adam's β1"],
    beta2: [decay, "Adam's β2"],
    epochs: [integer(1, 1_000_000_000), 'Passes over the pictures', 'free'],
    freshLatents: [boolean, "Draw new latents for the generator's update"],
    halveDiscriminatorLoss: [boolean, "Multiply the discriminator's loss by one half"],
    seed: [integer(0, Number.MAX_SAFE_INTEGER, 'an integer of 0…2^53 − 1'), 'Seed of weights, latents and order'],
  }),
  ...grouped('Training techniques [default: off]', {
    conditional: [boolean, 'Tell both networks the class of each picture, for data with classes'],
    loss: [choice(lossNames), 'Loss functions of both networks; those in ra… are relativistic averages [default: bce]'],
    labelSmoothing: [
      number('a number of at least 0 and below 0.5', (value) => value >= 0 && value < 0.5),
      "One-sided label smoothing: subtracted from the discriminator's target for real pictures, such as 0.1",
    ],
    r1: [weight, "γ of R1, a penalty of the discriminator's gradient at real pictures, such as 10"],
    r2: [weight, 'γ of R2, the same at generated pictures'],
    r1Every: [
      integer(1, 1_000_000),
      'Steps from one of these penalties to the next, with as many times the weight [default: 16]',
    ],
    gp: [weight, 'λ of the gradient penalty of --loss wgan-gp [default: 10]'],
    clip: [weight, 'Largest weight of the discriminator with --loss wgan, by absolute value [default: 0.01]'],
    norm: [norm, 'Normalisation layers of both networks [default: batch]'],
    normD: [norm, 'Normalisation layers of the discriminator, if different'],
    spectralNorm: [boolean, 'Spectral normalisation of the discriminator'],
    diffaugment: [
      augmentation,
      'Differentiable augmentation of all pictures the discriminator sees, for small data sets: color,translation,cutout',
    ],
    ada: [
      boolean,
      'Adaptive augmentation: each picture is changed with a probability that rises while the discriminator overfits and ' +
        'falls otherwise; without --diffaugment all three kinds of changes',
    ],
    adaSignal: [
      choice(adaSignals),
      'What tells --ada of overfitting: held-out pictures that look less real to the discriminator than those it is trained ' +
        'on, or the signs of its logits on the latter [default: held-out]',
    ],
    adaTarget: [
      number('a number above 0 and below 1', (value) => value > 0 && value < 1),
      'Value of that signal above which the discriminator counts as overfitting [default: 0.5, of the signs 0.6]',
    ],
    adaImages: [
      integer(1, 1_000_000_000),
      'Real pictures within which the probability can go from 0 to 1 [default: 100000]',
    ],
    heldOut: [
      number('a number of 0…0.5', (value) => value >= 0 && value <= 0.5),
      'Share of the pictures that is never trained on; the discriminator judges them in each step, which shows whether it ' +
        'overfits [default: 0, with --ada 0.1 unless --ada-signal is sign]',
    ],
    ema: [decay, 'Decay of an exponential moving average of the generator, such as 0.999'],
    emaWarmup: [boolean, 'Start with a smaller decay, (1 + t)/(10 + t) in step t [default: on]'],
    dSteps: [integer(1, 100), 'Updates of the discriminator for each of the generator [default: 1]'],
    lrDecay: [
      choice(['none', 'linear', 'cosine']),
      'Schedule by which both learning rates fall to 0 until the end of the run',
    ],
    lrDecayStart: [decay, 'Fraction of the run after which they begin to fall [default: 0]'],
  }),
};

function isNormalization(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { mean, std } = value as Record<string, unknown>;
  if (!Array.isArray(mean) || !Array.isArray(std) || mean.length !== std.length) return false;
  return mean.every((m) => Number.isFinite(m)) && std.every((s) => Number.isFinite(s) && s > 0);
}

/** A setting as files and commands write it: `lrD` → `lr-d`. */
export function dashedName(setting: string): string {
  return setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What an error message calls a setting: its name, with the file it was read from. */
export function settingName(setting: string, file?: string): string {
  return file === undefined ? setting : `${file}: ${setting}`;
}

/** Longest quotation of a value in an error message. */
const MAX_FOUND = 100;

/** What was found, in an error message. */
export function found(value: unknown): string {
  const shown = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
  return shown.length > MAX_FOUND ? `${shown.slice(0, MAX_FOUND)}…` : shown;
}

/**
 * Refuses values that a setting may not have, and names that are no setting.
 * @param values by name of the setting; all of `table` unless `partial`
 * @param file where the values were read from; errors then name it too
 * @throws InputError that names the setting, what is expected and what was found
 */
export function expectSettings(
  values: object,
  table: Readonly<Record<string, Setting>>,
  { file, partial = false }: { file?: string | undefined; partial?: boolean } = {},
): void {
  const name = (setting: string) => settingName(setting, file);
  const unknown = Object.keys(values).find((setting) => !Object.hasOwn(table, setting));
  if (unknown !== undefined) {
    const like = closest(unknown, Object.keys(table));
    throw new InputError({
      name: name(unknown),
      expected: `the name of a setting, such as ${like}; there is none of this name`,
    });
  }
  for (const [setting, { expected, accepts }] of Object.entries(table)) {
    if (partial && !Object.hasOwn(values, setting)) continue;
    const value: unknown = (values as Record<string, unknown>)[setting];
    if (!accepts(value)) throw new InputError({ name: name(setting), expected: expected, got: found(value) });
  }
}
