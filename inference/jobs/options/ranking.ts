/** @file Options of rankings: the pictures with the highest scores of the discriminator, in that order. */
import { InputError } from '../../../onnx/errors.js';
import { seedCount, type LatentSource } from '../../latent/latents.js';
import { checkInteger, oneOf } from './checks.js';
import { flag, number, text, type Requested } from './option.js';
import { countOption, latentSource, MAX_COUNT, sourceOptions } from './source.js';

export const discriminatorOption = {
  discriminator: text('Discriminator, an .onnx file [default: discriminator.onnx beside the generator]'),
};
export const resumeOption = {
  resume: flag('Go on with an interrupted job of `format` png, webp, npy or zip, or of `sort`'),
};
export const rankingOptions = {
  sort: text('score: order the pictures by the score of the discriminator, highest first'),
  keep: number('How many of the sorted pictures to write [default: all]; without `count`, 10 times as many are made'),
  ...discriminatorOption,
};
type RankingRequest = Requested<typeof rankingOptions & typeof sourceOptions & typeof countOption>;

/** Keeps the most real pictures. */
export interface Ranking {
  /** The discriminator's file; the one beside the generator if not given. */
  discriminator: string | undefined;
  /** How many; all if not given. */
  keep: number | undefined;
}

/** The most pictures that are kept in order: memory grows by a few tens of bytes for each. */
const MAX_KEPT = 1_000_000;

/** The requested ranking, if there is one. @throws InputError for values out of range, and its options without one */
export function rankingOf({ sort, keep, discriminator }: RankingRequest): Ranking | undefined {
  if (sort === undefined) {
    const stray = keep === undefined ? (discriminator === undefined ? undefined : 'discriminator') : 'keep';
    if (stray) throw new InputError({ name: stray, expected: 'to be used with `sort`' });
    return undefined;
  }
  oneOf('sort', sort, ['score']);
  if (keep !== undefined) checkInteger('keep', keep, 1, MAX_KEPT);
  return { discriminator, keep };
}

/**
 * The latents to rank: ten times as many as are kept where no number is named.
 * @param count pictures where neither a number nor `keep` is named
 * @throws InputError as `latentSource`, and if there are fewer than are kept
 */
export function rankedSource(request: RankingRequest, ranking: Ranking, count: number): LatentSource {
  const source = latentSource(
    request,
    request.count ?? (ranking.keep === undefined ? count : 10 * ranking.keep),
    MAX_COUNT,
  );
  if ('seeds' in source) keptCount(ranking, seedCount(source.seeds));
  return source;
}

/** How many of so many pictures are kept. @throws InputError if there are fewer, or more than can be sorted */
export function keptCount({ keep }: Ranking, count: number): number {
  if (keep === undefined && count > MAX_KEPT) {
    throw new InputError({ name: 'sort', expected: `\`keep\` for more than ${MAX_KEPT} pictures`, got: count });
  }
  if (keep !== undefined && keep > count) {
    throw new InputError({
      name: 'keep',
      expected: `at most ${count}, as many as there are pictures to sort`,
      got: keep,
    });
  }
  return keep ?? count;
}
