/** @file What the words of a command line must be before yargs reads them. */
import { UsageError } from './errors.js';

export interface OptionKinds {
  /** Options without a value. */
  boolean: readonly string[];
  /** Options that may be given several times. */
  array: readonly string[];
  /** Options that may stand alone or be empty: what they mean then is their own. */
  mayBeEmpty: readonly string[];
  /** All options. */
  known: readonly string[];
}

/**
 * Checks that each option is given once and has a value if it needs one.
 * @throws UsageError naming the option
 */
export function checkWords(words: readonly string[], kinds: OptionKinds): void {
  const seen = new Set<string>();
  for (const [at, word] of words.entries()) {
    if (word === '--') return;
    const [, text, value] = /^--([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
    if (text === undefined) continue;
    const name = optionName(text, kinds);
    if (!kinds.known.includes(name)) continue;
    if (seen.has(name) && !kinds.array.includes(name)) throw new UsageError(`--${name}: expected once; got it twice`);
    seen.add(name);
    if (kinds.boolean.includes(name) || kinds.mayBeEmpty.includes(name)) continue;
    const next = words[at + 1];
    const follows = next !== undefined && !next.startsWith('--') ? next : '';
    if ((value ?? follows) === '') throw new UsageError(`--${name}: expected a value; got nothing`);
  }
}

/** The option that a word means: yargs reads `--batchSize` as `--batch-size`, and `--no-flip` as `--flip`. */
function optionName(text: string, { known, boolean }: OptionKinds): string {
  const kebab = text.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const positive = kebab.replace(/^no-/, '');
  return !known.includes(kebab) && boolean.includes(positive) ? positive : kebab;
}
