/** @file A table of settings as yargs' options, and the values that were given for them. */
import type { Options } from 'yargs';
import type { Setting } from 'ganscope/trainer/settings';
import { flagName, inFlags } from '../common/flag-names.js';

type Table = Readonly<Record<string, Setting>>;

/** One option per setting, under the setting's heading; the help names the default where there is one. */
export function flagOptions(table: Table, defaults: Readonly<Record<string, unknown>>): Record<string, Options> {
  const options = Object.entries(table).map(([name, { type, choices, group, help }]): [string, Options] => {
    const preset = defaults[name];
    const known = preset !== undefined && !Array.isArray(preset);
    const describe = inFlags(known ? `${help} [default: ${String(preset)}]` : help, Object.keys(table).map(flagName));
    const kind = type === 'text' ? ({ type: 'string', ...(choices && { choices }) } as const) : { type };
    return [flagName(name), { ...kind, group: `${group}:`, describe, requiresArg: type !== 'boolean' }];
  });
  return Object.fromEntries(options);
}

/** The values of the options that were given, by the names of the settings. */
export function flagValues(parsed: Readonly<Record<string, unknown>>, table: Table): Record<string, unknown> {
  const given = Object.entries(table).filter(([name]) => parsed[flagName(name)] !== undefined);
  return Object.fromEntries(
    given.map(([name, { meant }]) => [name, meant ? meant(parsed[flagName(name)]) : parsed[flagName(name)]]),
  );
}
