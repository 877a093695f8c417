/** @file Latents from seeds: one seed is one latent, whatever else is in the batch. */
import { InputError } from '../onnx/errors.js';
import { Random } from './random.js';

/** The most seeds one call accepts: enough for every customary FID. */
export const MAX_SEEDS = 100_000;

/**
 * Latents of the standard normal distribution.
 * @param seeds integers of 0…2^53 − 1, one per latent
 * @param latentDim Z, numbers per latent
 * @returns [N, Z], row-major; row i depends on `seeds[i]` alone, and a longer latent begins with the shorter one
 * @throws InputError for seeds or a size out of range
 */
export function normalLatents(seeds: readonly number[], latentDim: number): Float32Array {
  if (!Number.isInteger(latentDim) || latentDim < 1 || latentDim > 65_536) {
    throw new InputError(`latentDim: expected an integer of 1…65536; got ${latentDim}`);
  }
  const latents = new Float32Array(seeds.length * latentDim);
  seeds.forEach((seed, row) => {
    const random = Random.derived(seed, 'latent');
    for (let i = 0; i < latentDim; i++) latents[row * latentDim + i] = random.normal();
  });
  return latents;
}

/**
 * The seeds a list such as `0,1,4-6` names, in its order, repetitions kept.
 * @param list integers and inclusive ranges, separated by commas
 * @param option the option's name, for errors
 * @throws InputError if the list is malformed or names more than `MAX_SEEDS` seeds
 */
export function parseSeeds(list: string, option = '--seeds'): number[] {
  const seeds: number[] = [];
  for (const part of list.split(',')) {
    const [, first = '', last = first] = /^\s*(\d{1,16})(?:\s*-\s*(\d{1,16}))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === '' || from > to || !Number.isSafeInteger(to)) {
      const shown = JSON.stringify(part.length > 40 ? `${part.slice(0, 40)}…` : part);
      throw new InputError(`${option}: expected integers and ranges such as 0,1,4-6; got ${shown}`);
    }
    if (seeds.length + (to - from + 1) > MAX_SEEDS) {
      throw new InputError(`${option}: expected at most ${MAX_SEEDS} seeds; got more`);
    }
    for (let seed = from; seed <= to; seed++) seeds.push(seed);
  }
  return seeds;
}

/**
 * `count` consecutive seeds from `first` on.
 * @throws InputError if `first` or the last seed is no integer of 0…2^53 − 1, or `count` not of 1…`MAX_SEEDS`
 */
export function seedsFrom(first: number, count: number): number[] {
  if (!Number.isInteger(count) || count < 1 || count > MAX_SEEDS) {
    throw new InputError(`--count: expected an integer of 1…${MAX_SEEDS}; got ${count}`);
  }
  if (!Number.isSafeInteger(first) || first < 0 || first > Number.MAX_SAFE_INTEGER - (count - 1)) {
    throw new InputError(`--seed: expected an integer of 0…2^53 − ${count}; got ${first}`);
  }
  return Array.from({ length: count }, (_, i) => first + i);
}
