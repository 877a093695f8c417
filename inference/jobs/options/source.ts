/** @file Which latents a job makes pictures of: seeds, or the rows of a file. */
import { InputError } from '../../../onnx/errors.js';
import { checkTruncation, consecutiveSeeds, MAX_SEEDS, seedCount, type LatentSource } from '../../latent/latents.js';
import { seedRanges } from '../../parse/seeds.js';
import { number, parsed, text, type Requested } from './option.js';

/** What every job has. */
export interface CommonJob {
  /** Seeds' latents are truncated to this magnitude. */
  truncation: number | undefined;
  saveLatents: string | undefined;
  out: string;
}

/** The most pictures of jobs whose memory does not grow with their number. */
export const MAX_COUNT = 1e9;

export const seedOption = { seed: number('First of consecutive seeds [default: 0]') };
export const truncationOption = {
  truncation: number(
    "Truncation trick: draw numbers of a seed's latent again while their magnitude is above this (BigGAN)",
  ),
};
export const countOption = {
  count: number(
    'Number of pictures [default: 64, or as many as `grid` has cells; 256 with `real`; with `traverse` 4, or 1 along several directions]',
  ),
};
/** How latents are chosen. */
export const sourceOptions = {
  ...seedOption,
  seeds: parsed('Seeds, such as 0,1,4-6; instead of `seed` and `count`', seedRanges),
  latents: text('File of latents [N, Z] instead of seeds: .npy, .npz, .csv or .json'),
  ...truncationOption,
};

/**
 * The latents of `latents`, of `seeds`, or of `seed` and a number of pictures.
 * @param count pictures where neither a file nor seeds are named
 * @param most pictures this kind of job can have
 * @throws InputError if two of them are given, or there are too many
 */
export function latentSource(
  request: Requested<typeof sourceOptions & typeof countOption>,
  count: number,
  most = MAX_SEEDS,
): LatentSource {
  const { seed, seeds, latents, truncation } = request;
  if (latents !== undefined) {
    const stray = (['seeds', 'seed', 'count', 'truncation'] as const).find((name) => request[name] !== undefined);
    if (stray) throw new InputError({ name: 'latents', conflictsWith: stray });
    return { file: latents };
  }
  if (seeds === undefined) {
    checkTruncation(truncation);
    return { seeds: [consecutiveSeeds(seed ?? 0, count, most)] };
  }
  const stray = (['seed', 'count'] as const).find((name) => request[name] !== undefined);
  if (stray) throw new InputError({ name: 'seeds', conflictsWith: stray });
  return checkedSource({ seeds }, 'seeds', truncation, most);
}

/**
 * The source, unchanged.
 * @param name of the option that has it
 * @throws InputError for more seeds than this, and for a truncation out of range or of a file's latents
 */
export function checkedSource(
  source: LatentSource,
  name: string,
  truncation: number | undefined,
  most = MAX_SEEDS,
): LatentSource {
  checkTruncation(truncation);
  if ('file' in source && truncation !== undefined) {
    const expected = `to be used with seeds, not with the latents of a file in \`${name}\``;
    throw new InputError({ name: 'truncation', expected });
  }
  if ('seeds' in source && seedCount(source.seeds) > most) {
    throw new InputError({ name, expected: `at most ${most} seeds`, got: seedCount(source.seeds) });
  }
  return source;
}
