/** @file Settings in which the watched runs differ, or all settings of one. */
import { presets } from '../../../trainer/settings/presets.js';
import type { PresetName } from '../../../trainer/settings/config.js';
import {
  differingSettings,
  settingWords,
  wordsOfRun,
  type SettingWords,
} from '../../../trainer/settings/differences.js';
import { dashedName } from '../../../trainer/settings/table.js';
import type { WatchedRun } from './parts/watch.js';

/** The table of settings. */
export function SettingsDifference({ runs }: { runs: readonly WatchedRun[] }) {
  const shown = runs.map((run) => valuesOf(run));
  const isCompared = runs.length > 1;
  const names = isCompared ? differingSettings(shown) : Object.keys(shown[0] ?? {});
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

function valuesOf({ details }: WatchedRun): SettingWords {
  if (details.value === undefined) return {};
  const { settings, steps, data } = details.value;
  return wordsOfRun({ settings: settings ?? {}, steps, data });
}

/** Whether a setting has the value of its run's preset, or is of no preset. */
function isOfPreset(name: string, values: SettingWords | undefined): boolean {
  const preset: Readonly<Record<string, unknown>> | undefined = presets[values?.['preset'] as PresetName];
  return preset === undefined || !Object.hasOwn(preset, name) || settingWords(preset[name]) === values?.[name];
}
