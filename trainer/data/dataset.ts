/** @file What a data set is to the trainer, and the built-in one. */
import type { Picture } from '../../inference/pictures.js';
import { spacePicture } from './space.js';

/** Pictures by number, of any size, grey or RGB. */
export interface Dataset {
  /** What the log calls it. */
  readonly name: string;
  /** Number of pictures, at least 1. */
  readonly length: number;
  /** What was found where the pictures are but is none of them, one line each with the reason. */
  readonly skipped: readonly string[];
  /**
   * Picture `index` of 0…length − 1, the same at every call.
   * @throws InputError if that picture cannot be decoded
   */
  picture(index: number): Promise<Picture>;
}

/** Pictures in the built-in set. */
export const SPACE_PICTURES = 2048;

/** The built-in planets, galaxies, nebulae and stars at `imageSize`; the same pictures whatever a run's seed is. */
export function spaceDataset(imageSize: number): Dataset {
  return {
    name: `${SPACE_PICTURES} built-in space pictures`,
    length: SPACE_PICTURES,
    skipped: [],
    picture: (index) => Promise.resolve(spacePicture(imageSize, 0, index)),
  };
}
