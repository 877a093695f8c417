/** @file Lists of seeds and sources of latents as text. */
import { InputError } from '../../onnx/errors.js';
import { seedCount, seedsWithin, type LatentSource, type SeedRange } from '../latent/latents.js';

/**
 * The seeds that a list such as `0,1,4-6` names, in its order, with repetitions.
 * @param list integers and inclusive ranges, separated by commas
 * @param name the parameter, for errors
 * @throws InputError if the list is malformed
 */
export function seedRanges(list: string, name = 'seeds'): SeedRange[] {
  return list.split(',').map((part) => {
    const [, first = '', last = first] = /^\s*(\d{1,16})(?:\s*-\s*(\d{1,16}))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === '' || from > to || !Number.isSafeInteger(to)) {
      const shown = JSON.stringify(part.length > 40 ? `${part.slice(0, 40)}…` : part);
      throw new InputError({ name, expected: 'integers and ranges such as 0,1,4-6', got: shown });
    }
    return { from, to };
  });
}

/** The most seeds of a list that is held in memory whole. */
const MOST_LISTED = 10_000;

/** The same as single seeds. @throws InputError for a malformed list, or more seeds than are held in memory */
export function parsedSeeds(list: string, name = 'seeds'): number[] {
  const ranges = seedRanges(list, name);
  const count = seedCount(ranges);
  if (count > MOST_LISTED) throw new InputError({ name, expected: `at most ${MOST_LISTED} seeds`, got: count });
  return seedsWithin(ranges, 0, count);
}

/**
 * A file of latents, or a list of seeds.
 * @param name the parameter, for errors
 * @throws InputError for anything else
 */
export function parsedSource(text: string, name: string): LatentSource {
  return /\.(npy|npz|csv|json)$/i.test(text) ? { file: text } : { seeds: seedRanges(text, name) };
}
