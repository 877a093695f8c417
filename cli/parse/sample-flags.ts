/** @file The options of sampling jobs as yargs' options. */
import type { Options } from 'yargs';
import type { sampleOptions } from 'ganscope/inference/options';
import { flagName, inFlags } from '../common/flag-names.js';

/** One flag per option; options of a single kind of job stand under its heading. */
export function flagsOf(options: ReturnType<typeof sampleOptions>): Record<string, Options> {
  const known = Object.keys(options).map(flagName);
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, help, title }]): [string, Options] => [
      flagName(name),
      { type, describe: inFlags(help, known), ...(title !== undefined && { group: `${title}:` }) },
    ]),
  );
}
