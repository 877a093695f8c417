/** @file The settings of a run as reports name them: by the flags that set them. */
import type { ConfigSetting, GanConfig } from '../settings/config.js';
import { presets } from '../settings/presets.js';
import { configSettings, dashedName } from '../settings/table.js';
import type { ReportSetting } from './page.js';
import type { HparamValue } from './tensorboard/hparams.js';

/** A setting's value as one would type it after its flag. */
export function settingText(value: unknown): string {
  if (value === undefined) return 'not set';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  // A normalisation: mean/std.
  if (typeof value === 'object' && value !== null) return Object.values(value).map(settingText).join('/');
  return String(value);
}

/** All settings by their flags, with the preset's value where it differs; those come first. */
export function reportSettings(config: GanConfig): ReportSetting[] {
  const preset = presets[config.preset];
  const settings = (Object.keys(configSettings) as ConfigSetting[]).map((name): ReportSetting => {
    const [value, theirs] = [settingText(config[name]), settingText(preset[name])];
    return { name: `--${dashedName(name)}`, value, ...(value !== theirs && { preset: theirs }) };
  });
  const changed = (setting: ReportSetting) => Number(setting.preset !== undefined);
  return settings.toSorted((a, b) => changed(b) - changed(a));
}

/** The settings as TensorBoard's hyper-parameters, by the names that config.json has. */
export function runHparams(config: GanConfig): Record<string, HparamValue> {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]): [string, HparamValue] => [
      name,
      typeof value === 'number' || typeof value === 'boolean' ? value : settingText(value),
    ]),
  );
}
