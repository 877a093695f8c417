/** @file The fields of the form that starts a training: settings of the trainer's tables, by what they are for. */
import { presets } from '../../../../trainer/settings/presets.js';
import type { ConfigSetting, GanConfig, PresetName } from '../../../../trainer/settings/config.js';
import { runDefaults, runSettings, type RunSettings } from '../../../../trainer/settings/run-settings.js';
import { configSettings, dashedName, type Setting } from '../../../../trainer/settings/table.js';

/** A setting of a training. */
export type SettingName = ConfigSetting | keyof RunSettings;

/** Fields that are always shown. */
export const FIRST: readonly SettingName[] = ['data', 'steps', 'imageSize', 'batchSize', 'lr', 'diffaugment'];
/** Fields that the films and pauses depend on. */
export const PACE: readonly SettingName[] = ['sampleEvery', 'checkpointEvery', 'keep'];

/** Settings that the form begins with: enough checkpoints for a film. */
export const BEGINNING: Readonly<Partial<Record<SettingName, string>>> = {
  steps: '2000',
  sampleEvery: '100',
  checkpointEvery: '200',
  keep: '20',
};

/** Settings that a form has no field for: the name of the folder is the run's, and files elsewhere are for the command line. */
const LEFT_OUT: readonly SettingName[] = ['preset', 'out', 'name', 'cache', 'cacheSize', 'logEvery', 'epochs'];

const table: Readonly<Record<SettingName, Setting>> = { ...configSettings, ...runSettings };

/** All other fields by their heading. */
export function moreFields(): (readonly [group: string, names: readonly SettingName[]])[] {
  const names = (Object.keys(table) as SettingName[]).filter(
    (name) => ![...LEFT_OUT, ...FIRST, ...PACE].includes(name),
  );
  const groups = new Map<string, SettingName[]>();
  for (const name of names) {
    const group = table[name].group.replace(/ \[.*/, '');
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  return [...groups];
}

/** What a field is called, what it is for, and what it may hold. */
export function fieldOf(name: SettingName, preset: PresetName) {
  const { help, expected, type, choices } = table[name];
  return {
    label: dashedName(name).replaceAll('-', ' '),
    help: help.replaceAll(/`(\w+)`/g, (_, other: string) => dashedName(other)),
    expected,
    type,
    choices,
    otherwise: defaultOf(name, preset),
  };
}

/** What a setting is if its field is empty. */
function defaultOf(name: SettingName, preset: PresetName): string {
  const of: Readonly<Record<string, unknown>> = { ...runDefaults, ...presets[preset] };
  const value = of[name];
  if (name === 'data') return 'built-in pictures';
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return String(value);
  const { mean, std } = value as GanConfig['normalization'];
  return `${mean.join(',')}/${std.join(',')}`;
}

/** The values that were filled in, as the server takes them. */
export function settingsOf(values: Readonly<Partial<Record<SettingName, string>>>): Record<string, unknown> {
  const given = Object.entries(values).filter(([, text]) => text.trim() !== '');
  return Object.fromEntries(given.map(([name, text]) => [name, valueOf(table[name as SettingName], text.trim())]));
}

/** What is no number or choice goes to the server as it is, which says what is wrong with it. */
function valueOf({ type }: Setting, text: string): unknown {
  if (type === 'boolean') return text === 'yes' ? true : text === 'no' ? false : text;
  return type === 'number' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The setting that a message of the server is about. */
export function settingOf(message: string): string | undefined {
  return /^(\w+): /.exec(message)?.[1];
}
