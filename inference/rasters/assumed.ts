/** @file Which files may hold the channels of a network as they are, and what is assumed of them. */
import type { Assumption } from '../graphs/assumption.js';
import type { PictureInput } from '../pictures/pictures.js';

/** Whether a file is an array by its name. */
export const isNpy = (path: string): boolean => /\.npy$/i.test(path);
/** Whether a file is a TIFF file by its name. */
export const isTiff = (path: string): boolean => /\.tiff?$/i.test(path);

/** What is assumed of files that may hold the network's channels as they are. */
export function assumedOfRasters(paths: readonly string[], { channels }: PictureInput): Assumption[] {
  if (!paths.some((path) => isNpy(path) || (isTiff(path) && channels > 1))) return [];
  const shown = channels < 3 ? 'channel 1 as grey' : channels === 3 ? 'all' : 'channels 1, 2, 3 as red, green, blue';
  return [
    {
      about: 'channels',
      taken:
        `.npy files, and TIFF files of ${channels} grey pages, hold the network's ${channels} channels in its order; ` +
        `floats as they are, integers divided by the largest number of their bits; shown: ${shown}`,
      because: 'the channels of such files have no names',
      options: ['mean', 'std'],
    },
  ];
}
