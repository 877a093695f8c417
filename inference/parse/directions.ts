/** @file Directions of the latent space as text. */
import { InputError } from '../../onnx/errors.js';
import type { DirectionChoice } from '../latent/directions.js';
import { seedCount, seedsWithin } from '../latent/latents.js';
import { seedRanges } from './seeds.js';

/** Directions that one picture can show. */
const MAX_DIRECTIONS = 64;

/**
 * `5`, `0,3-6`, `principal`, `principal:3` or `principal:1-4` as a choice.
 * @throws InputError for anything else
 */
export function parsedDirections(text: string, name = 'traverse'): DirectionChoice {
  const [, principal, list] = /^\s*(principal)?\s*:?\s*(.*?)\s*$/.exec(text) ?? [];
  const ranges = seedRanges(principal && !list ? '1' : (list ?? ''), name);
  if (seedCount(ranges) > MAX_DIRECTIONS)
    throw new InputError({ name, expected: `at most ${MAX_DIRECTIONS} directions` });
  const numbers = seedsWithin(ranges, 0, MAX_DIRECTIONS);
  if (!principal) return { kind: 'numbers', indices: numbers };
  if (numbers.includes(0))
    throw new InputError({ name, expected: 'principal:1 for the strongest component', got: '0' });
  return { kind: 'principal', components: numbers };
}
