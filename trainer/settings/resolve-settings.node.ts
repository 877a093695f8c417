/** @file What was chosen for a run, and where each value comes from: a flag, a file, the preset or the default. */
import { isDeepStrictEqual } from 'node:util';
import type { GanConfig } from './config.js';
import { configWith, presets } from './presets.js';
import { runDefaults, runSettings, type RunSettings } from './run-settings.js';
import { configSettings, expectSettings, flagName } from './table.js';

/** Any of the settings of a run. */
export type ChosenSettings = {
  [Name in keyof (GanConfig & RunSettings)]?: (GanConfig & RunSettings)[Name] | undefined;
};

/** Where settings were chosen; the first that has one wins. */
export interface SettingSources {
  /** From the command line. */
  flags: ChosenSettings;
  /** From a file. */
  file?: { path: string; settings: ChosenSettings } | undefined;
}

/**
 * The settings that were given, flags before those of the file.
 * @throws InputError that names the flag with a value it may not have
 */
export function givenSettings({ flags, file }: SettingSources): ChosenSettings {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  expectSettings(given, { ...configSettings, ...runSettings }, { partial: true });
  return { ...file?.settings, ...given };
}

/** A new run's configuration. @throws InputError that names the setting that is wrong */
export function chosenConfig(given: ChosenSettings): GanConfig {
  const { preset = 'space', ...rest } = given;
  const overrides = Object.entries(rest).filter(([name]) => Object.hasOwn(configSettings, name));
  return configWith(preset, Object.fromEntries(overrides));
}

/**
 * All settings of a new run as YAML that `--config` reads, each with where it comes from.
 * @throws InputError if they do not fit together
 */
export function describedSettings(sources: SettingSources): string {
  const given = givenSettings(sources);
  const config = chosenConfig(given);
  const values: ChosenSettings = { ...runDefaults, ...given, ...config };
  const names = [...Object.keys(configSettings), ...Object.keys(runSettings)] as (keyof ChosenSettings)[];
  const rows = names.map((name) => {
    const value = values[name];
    if (value === undefined) return { line: `# ${flagName(name)}:`, origin: 'not set' };
    return { line: `${flagName(name)}: ${JSON.stringify(value)}`, origin: settingOrigin(name, sources, config) };
  });
  const width = Math.max(...rows.map(({ line }) => line.length));
  return rows.map(({ line, origin }) => `${line.padEnd(width)}  # ${origin}\n`).join('');
}

function settingOrigin(name: keyof ChosenSettings, { flags, file }: SettingSources, config: GanConfig): string {
  if (flags[name] !== undefined) return 'flag';
  if (file?.settings[name] !== undefined) return file.path;
  if (name === 'preset' || !Object.hasOwn(configSettings, name)) return 'default';
  const setting = name as keyof GanConfig;
  const untouched = isDeepStrictEqual(config[setting], presets[config.preset][setting]);
  return untouched ? `preset ${config.preset}` : `preset ${config.preset}, fitted to the others`;
}
