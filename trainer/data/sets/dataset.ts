/** @file What a data set is to the trainer, what may be chosen of it, and the built-in one. */
import type { Picture } from '../../../inference/pictures/pictures.js';
import type { Assumption } from '../../../inference/graphs/assumption.js';
import { spacePicture } from '../space/space.js';

/** Classes that a set may have. */
export const MAX_CLASSES = 65_536;

/** The class of each picture. */
export interface Labels {
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** For each picture the index of its class. */
  readonly indices: Uint16Array;
}

/** Pictures by number, of any size, grey or RGB. */
export interface Dataset {
  /** What the log calls it. */
  readonly name: string;
  /** Number of pictures, at least 1. */
  readonly length: number;
  /** Only where the data tells classes. */
  readonly labels?: Labels | undefined;
  /** Classes that the data name but have no picture of: they are left out. */
  readonly emptyClasses?: number | undefined;
  /** Where the classes come from, such as names of folders. */
  readonly labelsFrom?: string | undefined;
  /** Why there are none, where the data have several that could be meant, or not for all pictures. */
  readonly noLabels?: string | undefined;
  /** How the pictures lie in arrays, and what tells that. */
  readonly layout?: { readonly taken: string; readonly from: string } | undefined;
  /** The splits that are taken, where the data has some. */
  readonly splits?: readonly string[] | undefined;
  /** What was assumed of the data; nothing of the built-in pictures. */
  readonly assumed?: readonly Assumption[] | undefined;
  /** Files and links that were skipped, one line each with the reason. */
  readonly skipped: readonly string[];
  /**
   * Picture `index` of 0…length − 1, the same at every call.
   * @throws InputError if that picture cannot be decoded
   */
  picture(index: number): Promise<Picture>;
  /** A text that changes when any picture changes; without it they are kept in no cache file. */
  fingerprint?(): Promise<string>;
  /** A text that is the same for the same pictures on any machine; it tells a resumed run that they have changed. */
  identity?(): Promise<string>;
}

/** A split of the data. */
export type Split = 'train' | 'val' | 'test' | 'all';

/** What is wanted of the data. */
export interface DataOptions {
  split?: Split | undefined;
  /** Classes by name, or by the number that names begin with; all by default. */
  classes?: readonly string[] | undefined;
  /** Only what is around the object that a bounding box marks. */
  cropToBox?: boolean | undefined;
  /** Follow links that lead out of the given folder. */
  followLinks?: boolean | undefined;
}

/** What stands for picture `index`. @throws RangeError if there is none */
export function itemAt<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`picture(${index}): expected an index below ${items.length}`);
  return item;
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
    fingerprint: () => Promise.resolve('space'),
    identity: () => Promise.resolve('space'),
  };
}
