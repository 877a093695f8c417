/** @file What a space picture is made of by chance. */
import type { Random } from '../../../inference/numeric/random.js';

/** A number between `from` and `to`. */
export function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random.uniform();
}

/** One of `choices`, of which there is at least one. */
export function chosen<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[random.integer(choices.length)] ?? choices[0];
}

/** A number that tells noises apart. */
export function salt(random: Random): number {
  return random.integer(2 ** 32);
}
