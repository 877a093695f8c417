/** @file The check of whole configurations, and what those lack that were saved by earlier versions. */
import { InputError } from '../../onnx/errors.js';
import { adaDefaults, type GanConfig } from './config.js';
import { settingRules } from './rules.js';
import { configSettings, expectSettings, found, settingName } from './table.js';

/** What no preset does; also the values of a configuration that was saved before there were these settings. */
export const plainTraining = {
  arch: 'dcgan',
  flip: false,
  norm: 'batch',
  normD: 'batch',
  spectralNorm: false,
  loss: 'bce',
  labelSmoothing: 0,
  r1: 0,
  r2: 0,
  r1Every: 1,
  gp: 0,
  clip: 0,
  diffaugment: [],
  ada: false,
  ...adaDefaults,
  heldOut: 0,
  ema: 0,
  emaWarmup: true,
  dSteps: 1,
  lrDecay: 'none',
  lrDecayStart: 0,
  conditional: false,
  classNames: [],
} as const satisfies Partial<GanConfig>;

/**
 * `values` if they are a complete and valid configuration.
 * @param values what was put together from options, or read from a `config.json`
 * @param file where `values` were read from; errors then name it and the setting instead of the option
 * @throws InputError that names the setting, what is expected and what was found
 */
export function checkedConfig(values: unknown, file?: string): GanConfig {
  if (typeof values !== 'object' || values === null) {
    throw new InputError({ name: file ?? 'configuration', expected: 'an object of settings', got: found(values) });
  }
  const { classNames, ...settings }: { classNames?: unknown } = { ...plainTraining, ...values };
  expectSettings(settings, configSettings, { file });
  if (!isNames(classNames))
    throw new InputError({
      name: settingName('classNames', file),
      expected: 'a list of texts',
      got: found(classNames),
    });
  const config = { ...settings, classNames } as GanConfig;
  const count = config.normalization.mean.length;
  if (count !== config.channels) {
    const name = settingName('normalization', file);
    throw new InputError({ name: name, expected: `numbers for ${config.channels} channel(s)`, got: count });
  }
  for (const { name, isRight, expected } of settingRules(config)) {
    if (!isRight) throw new InputError({ name: settingName(name, file), expected, got: found(config[name]) });
  }
  return config;
}

const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string');
