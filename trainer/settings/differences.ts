/** @file Settings of several runs side by side: which differ, as words. */

/** The values of a run's settings, as words. */
export type SettingWords = Readonly<Record<string, string>>;

/** A setting's value in words: lists with commas, yes and no. */
export function settingWords(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(settingWords).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${settingWords(inner)}`)
    .join('; ');
}

/** What was set for a run, with its data and steps first. */
export function wordsOfRun(run: {
  data: string | undefined;
  steps: number | undefined;
  settings: Readonly<Record<string, unknown>>;
}): SettingWords {
  const { data = 'built-in pictures', steps, settings } = run;
  const all = { data, ...(steps !== undefined && { steps }), ...settings };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, settingWords(value)]));
}

/** The names of the settings that are not the same in all runs; one that a run lacks differs. */
export function differingSettings(runs: readonly SettingWords[]): string[] {
  const names = [...new Set(runs.flatMap((values) => Object.keys(values)))];
  return names.filter((name) => new Set(runs.map((values) => values[name])).size > 1);
}
