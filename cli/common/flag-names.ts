/** @file Parameters of the library as flags. */
import type { Assumption } from 'ganscope/inference';

/** The flag of a parameter without its dashes: `save-latents` for `saveLatents`. */
export function flagName(parameter: string): string {
  return parameter.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * A text of the library in terms of flags: parameters that it quotes, such as `` `batchSize` ``, become flags.
 * @param known names of the command's options, in kebab case
 */
export function inFlags(text: string, known: readonly string[]): string {
  return text.replaceAll(/`(\w+)`/g, (quoted, parameter: string) => {
    const flag = flagName(parameter);
    return known.includes(flag) ? `--${flag}` : quoted;
  });
}

/** Assumptions with those of their options that a command takes. @param taken names of flags */
export function told(assumptions: readonly Assumption[], taken: readonly string[]): Assumption[] {
  const isTaken = (name: string) => taken.includes(name === 'layers' ? 'layer' : flagName(name));
  return assumptions.map((each) => ({ ...each, options: each.options.filter(isTaken) }));
}
