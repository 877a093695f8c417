/** @file What was chosen for a run, and where each value comes from: an option, a file, the preset or the default. */
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../onnx/errors.js';
import { defaultPreset, type GanConfig } from './config.js';
import { configWith, presets } from './presets.js';
import { runDefaults, runSettings, type RunSettings } from './run-settings.js';
import { configSettings, expectSettings, dashedName } from './table.js';

/** Any of the settings of a run. */
export type ChosenSettings = {
  [Name in keyof (GanConfig & RunSettings)]?: (GanConfig & RunSettings)[Name] | undefined;
};

/** Where settings were chosen; options win over the file. */
export interface SettingSources {
  /** Given in the call or on the command line. */
  options: ChosenSettings;
  /** From a file. */
  file?: { path: string; settings: ChosenSettings } | undefined;
}

/**
 * The settings that were given, options before those of the file: `epochs` also before the steps of a file.
 * @throws InputError that names the setting with a value it may not have, or for options of which one would not count
 */
export function givenSettings({ options, file }: SettingSources): ChosenSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  expectSettings(given, { ...configSettings, ...runSettings }, { partial: true });
  const { steps, ...others } = file?.settings ?? {};
  const hasEpochs = Object.hasOwn(given, 'epochs');
  if (hasEpochs && Object.hasOwn(given, 'steps')) throw new InputError({ name: 'steps', conflictsWith: 'epochs' });
  return { ...others, ...(steps !== undefined && !hasEpochs && { steps }), ...given };
}

/** A new run's configuration. @throws InputError that names the setting that is wrong */
export function chosenConfig(given: ChosenSettings): GanConfig {
  const { preset = defaultPreset, ...rest } = given;
  const overrides = Object.entries(rest).filter(([name]) => Object.hasOwn(configSettings, name));
  return configWith(preset, Object.fromEntries(overrides));
}

/**
 * All settings of a new run as YAML that `readSettingsFile` reads, each with where it comes from.
 * @throws InputError if they do not fit together
 */
export function describedSettings(sources: SettingSources): string {
  const given = givenSettings(sources);
  const config = chosenConfig(given);
  const values: ChosenSettings = { ...runDefaults, ...given, ...config };
  const names = [...Object.keys(configSettings), ...Object.keys(runSettings)] as (keyof ChosenSettings)[];
  const rows = names.map((name) => {
    const value = values[name];
    if (value === undefined) return { line: `# ${dashedName(name)}:`, origin: 'not set' };
    return { line: `${dashedName(name)}: ${JSON.stringify(value)}`, origin: settingOrigin(name, sources, config) };
  });
  const width = Math.max(...rows.map(({ line }) => line.length));
  return rows.map(({ line, origin }) => `${line.padEnd(width)}  # ${origin}\n`).join('');
}

function settingOrigin(name: keyof ChosenSettings, { options, file }: SettingSources, config: GanConfig): string {
  if (options[name] !== undefined) return 'option';
  if (file?.settings[name] !== undefined) return file.path;
  if (name === 'preset' || !Object.hasOwn(configSettings, name)) return 'default';
  const setting = name as keyof GanConfig;
  const untouched = isDeepStrictEqual(config[setting], presets[config.preset][setting]);
  return untouched ? `preset ${config.preset}` : `preset ${config.preset}, fitted to the others`;
}
