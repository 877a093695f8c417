/** @file Settings in which the watched runs differ, or all settings of one. */
import { presets } from '../../../trainer/settings/presets.js';
import type { PresetName } from '../../../trainer/settings/config.js';
import { dashedName } from '../../../trainer/settings/table.js';
import type { WatchedRun } from './parts/watch.js';

/** The table of settings. */
export function SettingsDifference({ runs }: { runs: readonly WatchedRun[] }) {
  const shown = runs.map((run) => valuesOf(run));
  const isCompared = runs.length > 1;
  const names = [...new Set(shown.flatMap((values) => Object.keys(values)))].filter(
    (name) => !isCompared || new Set(shown.map((values) => values[name])).size > 1,
  );
  if (names.length === 0) return isCompared ? <p class="note">The settings of these runs are the same.</p> : null;
  const table = (
    <div class="scrolled" tabIndex={0} role="region" aria-label="Settings">
      <table class="settings">
        <thead>
          <tr>
            <th scope="col">setting</th>
            {runs.map(({ name }) => (
              <th key={name} scope="col">
                {isCompared ? name : 'value'}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{dashedName(name)}</th>
              {runs.map((run, i) => (
                <td key={run.name} class={isOfPreset(name, shown[i]) ? 'numbers' : 'numbers own'}>
                  {shown[i]?.[name] ?? '–'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
  if (isCompared)
    return (
      <section aria-labelledby="settings-title">
        <h2 id="settings-title">Settings that differ</h2>
        {table}
      </section>
    );
  return (
    <details>
      <summary>Settings</summary>
      <p class="note">Those that are not the preset's are bold.</p>
      {table}
    </details>
  );
}

function valuesOf({ details }: WatchedRun): Record<string, string> {
  const { settings = {}, steps, data } = details.value ?? {};
  if (details.value === undefined) return {};
  const all = { data: data ?? 'built-in pictures', ...(steps !== undefined && { steps }), ...settings };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, textOf(value)]));
}

/** Whether a setting has the value of its run's preset, or is of no preset. */
function isOfPreset(name: string, values: Readonly<Record<string, string>> | undefined): boolean {
  const preset: Readonly<Record<string, unknown>> | undefined = presets[values?.['preset'] as PresetName];
  return preset === undefined || !Object.hasOwn(preset, name) || textOf(preset[name]) === values?.[name];
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(textOf).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${textOf(inner)}`)
    .join('; ');
}
