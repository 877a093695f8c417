/** @file The options of sampling jobs as yargs' options. */
import type { Options } from 'yargs';
import type { sampleOptions } from 'ganscope/inference/options';
import { flagName } from './command.js';

/** One flag per option; options of a single kind of job stand under its heading. */
export function flagsOf(options: ReturnType<typeof sampleOptions>): Record<string, Options> {
  const shown = (help: string) =>
    help.replaceAll(/`(\w+)`/g, (quoted, name: string) => (name in options ? `--${flagName(name)}` : quoted));
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, help, title }]): [string, Options] => [
      flagName(name),
      { type, describe: shown(help), ...(title !== undefined && { group: `${title}:` }) },
    ]),
  );
}
