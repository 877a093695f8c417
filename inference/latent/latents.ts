/** @file Latents from seeds: one seed is one latent, whatever else is in the batch. */
import { InputError } from '../../onnx/errors.js';
import type { LatentDistribution } from './distribution.js';
import { Random } from '../numeric/random.js';

/** The most seeds that are held in memory: enough for any FID. */
export const MAX_SEEDS = 100_000;
/** The smallest truncation: below it, drawing until a number is small enough takes too long. */
const MIN_TRUNCATION = 0.01;

/**
 * Latents of the standard normal distribution.
 * @param seeds integers of 0…2^53 − 1, one per latent
 * @param latentDim Z, numbers per latent
 * @param truncation draw numbers whose magnitude is above this one again, until they are below: the truncation trick for
 *   normal latents without a mapping network (Brock et al. 2019, BigGAN, section 3.1). What is below stays as it is, so a
 *   truncated latent stays close to its seed's.
 * @returns [N, Z], row-major; row i depends on `seeds[i]` alone, and a longer latent begins with the shorter one
 * @throws InputError for seeds, a size or a truncation out of range
 */
export function normalLatents(seeds: readonly number[], latentDim: number, truncation?: number): Float32Array {
  checkTruncation(truncation);
  return filled(seeds, latentDim, (seed) => {
    const random = Random.derived(seed, 'latent');
    const again = truncation === undefined ? undefined : Random.derived(seed, 'truncation');
    return () => {
      let value = random.normal();
      while (again && Math.abs(value) > (truncation as number)) value = again.normal();
      return value;
    };
  });
}

/**
 * Latents of a distribution.
 * @returns [N, Z], as `normalLatents`
 * @throws InputError as `normalLatents`, and for a truncation of uniform latents
 */
export function drawnLatents(
  seeds: readonly number[],
  latentDim: number,
  distribution: LatentDistribution,
  truncation?: number,
): Float32Array {
  if (distribution === 'normal') return normalLatents(seeds, latentDim, truncation);
  if (truncation !== undefined) throw new InputError({ name: 'truncation', conflictsWith: 'latentDistribution' });
  return filled(seeds, latentDim, (seed) => {
    const random = Random.derived(seed, 'uniform latent');
    return () => 2 * random.uniform() - 1;
  });
}

/** Latents whose numbers a seed's own source gives. @throws InputError for seeds or a size out of range */
function filled(seeds: readonly number[], latentDim: number, source: (seed: number) => () => number): Float32Array {
  if (!Number.isInteger(latentDim) || latentDim < 1 || latentDim > 65_536)
    throw new InputError({ name: 'latentDim', expected: 'an integer of 1…65536', got: latentDim });
  const wrong = seeds.find((seed) => !Number.isSafeInteger(seed) || seed < 0);
  if (wrong !== undefined) throw new InputError({ name: 'seeds', expected: 'integers of 0…2^53 − 1', got: wrong });
  const latents = new Float32Array(seeds.length * latentDim);
  seeds.forEach((seed, row) => {
    const next = source(seed);
    for (let i = 0; i < latentDim; i++) latents[row * latentDim + i] = next();
  });
  return latents;
}

/** @throws InputError for a truncation out of range */
export function checkTruncation(truncation: number | undefined): void {
  if (truncation !== undefined && !(truncation >= MIN_TRUNCATION)) {
    throw new InputError({ name: 'truncation', expected: `a number of at least ${MIN_TRUNCATION}`, got: truncation });
  }
}

/** Consecutive seeds, both ends included. */
export interface SeedRange {
  from: number;
  to: number;
}

/** Where latents come from: seeds, or the rows of a file. */
export type LatentSource = { seeds: readonly SeedRange[] } | { file: string };

/** How many seeds the ranges hold. */
export function seedCount(ranges: readonly SeedRange[]): number {
  return ranges.reduce((count, { from, to }) => count + (to - from + 1), 0);
}

/** Seeds number `start`… of the ranges, at most `count`. */
export function seedsWithin(ranges: readonly SeedRange[], start: number, count: number): number[] {
  const seeds: number[] = [];
  let skip = start;
  for (const { from, to } of ranges) {
    const size = to - from + 1;
    for (let seed = from + skip; seed <= to && seeds.length < count; seed++) seeds.push(seed);
    skip = Math.max(0, skip - size);
  }
  return seeds;
}

/**
 * `count` consecutive seeds from `first` on.
 * @throws InputError if `first` or the last seed is no integer of 0…2^53 − 1, or `count` not of 1…`most`
 */
export function consecutiveSeeds(first: number, count: number, most = MAX_SEEDS): SeedRange {
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new InputError({ name: 'count', expected: `an integer of 1…${most}`, got: count });
  }
  if (!Number.isSafeInteger(first) || first < 0 || first > Number.MAX_SAFE_INTEGER - (count - 1)) {
    throw new InputError({ name: 'seed', expected: `an integer of 0…2^53 − ${count}`, got: first });
  }
  return { from: first, to: first + count - 1 };
}

/** `count` consecutive seeds from `first` on, each. @throws InputError as `consecutiveSeeds` */
export function seedsFrom(first: number, count: number): number[] {
  return seedsWithin([consecutiveSeeds(first, count)], 0, count);
}
