/** @file The pictures that a compared set is made of, each found by its place in a fixed order. */
import { Random } from '../../inference/numeric/random.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import type { ReadablePictures } from '../data/sets/readable.js';

/** A picture that could not be decoded. */
export interface BrokenPicture {
  /** Its place in the order. */
  position: number;
  /** Its number in the data set. */
  index: number;
  reason: string;
}

/** Pictures in a fixed order. */
export interface Candidates {
  /** What they are, for people. */
  readonly name: string;
  /** How many there are; undefined where a generator makes as many as are wanted. */
  readonly length: number | undefined;
  /** The pictures at these positions; those that are broken say why. */
  at(positions: readonly number[]): Promise<(Picture | BrokenPicture)[]>;
}

/** Whether a candidate has no picture. */
export const isBroken = (candidate: Picture | BrokenPicture): candidate is BrokenPicture => 'reason' in candidate;

/**
 * Real pictures in a random order.
 * @param prepared what is compared of each
 */
export function realCandidates(
  pictures: ReadablePictures,
  seed: number,
  prepared: (picture: Picture) => Picture,
): Candidates {
  const { length, name } = pictures.dataset;
  let order: Uint32Array | undefined;
  return {
    name,
    length,
    at: (positions) => {
      order ??= Random.derived(seed, 'evaluation').shuffled(length);
      const indices = positions.map((position) => (order as Uint32Array)[position] as number);
      return Promise.all(
        indices.map(async (index, i) => {
          const picture = await pictures.picture(index);
          if (picture) return prepared(picture);
          return { position: positions[i] as number, index, reason: pictures.broken.get(index) ?? 'broken' };
        }),
      );
    },
  };
}

/** Generated pictures: of the seeds 0, 1, 2, … */
export function generatedCandidates(
  name: string,
  sample: (seeds: readonly number[]) => Promise<Picture[]>,
): Candidates {
  return { name, length: undefined, at: (positions) => sample(positions) };
}
