/** @file What is assumed of a data set: what of it is taken, what was passed over, and how its pictures are prepared. */
import type { Assumption } from '../../../inference/graphs/assumption.js';
import { resizeWords } from '../../../inference/networks/read-network.js';
import type { DataOptions, Dataset } from './dataset.js';

/** The settings that decide how pictures are prepared. */
interface PictureSettings {
  imageSize: number;
  channels: 1 | 3;
  resize: 'crop' | 'squash';
  flip: boolean;
}

/** Classes that are named. */
const SHOWN = 5;

/**
 * What of a data set is taken and what was passed over; its name says how many pictures that is.
 * @param options what was stated
 */
export function assumedOfData(dataset: Dataset, { split, classes = [], followLinks }: DataOptions): Assumption[] {
  const { labels, labelsFrom, emptyClasses, noLabels, layout, splits, skipped } = dataset;
  const [first] = skipped;
  const chosen = classes.length > 0 ? 'as stated' : 'default: all';
  const empty = emptyClasses === undefined ? '' : `; ${emptyClasses} without a picture left out`;
  const names = labels?.classes ?? [];
  const listed = names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ', …' : '');
  return [
    ...(layout === undefined ? [] : [{ about: 'layout', taken: layout.taken, because: layout.from, options: [] }]),
    ...(splits === undefined
      ? []
      : [
          {
            about: 'split',
            taken: splits.join(' and '),
            because: split === undefined || split === 'all' ? 'default: all that are there' : 'as stated',
            options: ['split'],
          },
        ]),
    ...(labels === undefined
      ? []
      : [
          {
            about: 'classes',
            taken: `${names.length}: ${listed}`,
            because: `${labelsFrom ?? 'as the files list them'}; ${chosen}${empty}`,
            options: ['classes'],
          },
        ]),
    ...(noLabels === undefined ? [] : [{ about: 'classes', taken: 'none', because: noLabels, options: [] }]),
    ...(first === undefined
      ? []
      : [
          {
            about: 'passed over',
            taken: `${skipped.length} ${skipped.length === 1 ? 'file' : 'files'}, such as ${first}`,
            because: 'default: what cannot be read is left out',
            options: followLinks ? ['strict'] : ['strict', 'followLinks'],
          },
        ]),
  ];
}

/** How pictures are prepared for training, and why so. */
export function assumedOfTraining(
  { imageSize, channels, resize, flip }: PictureSettings,
  because: string,
): Assumption[] {
  const mirrored = flip ? 'half of them mirrored at random' : 'never mirrored';
  return [
    {
      about: 'pictures',
      taken: `${channels === 1 ? 'grey' : 'RGB'}, ${imageSize}×${imageSize}, ${mirrored}`,
      because,
      options: ['channels', 'imageSize', 'flip'],
    },
    { about: 'resizing', taken: resizeWords[resize], because, options: ['resize'] },
  ];
}

/** Which pictures the discriminator judges without being trained on them. @param parts how many can be decoded */
export function assumedOfHeldOut(
  { heldOut, batchSize, seed }: { heldOut: number; batchSize: number; seed: number },
  parts: { trained: number; heldOut: number },
): Assumption[] {
  if (heldOut === 0) return [];
  const [out, trained] = [parts.heldOut, parts.trained].map((count) => count.toLocaleString('en-US'));
  const few =
    parts.heldOut < batchSize
      ? `; each is about ${(batchSize / parts.heldOut).toFixed(1)} times in a batch of ${batchSize}, which makes a noisy signal`
      : '';
  return [
    {
      about: 'held-out pictures',
      taken: `${out}, which the discriminator judges but is never trained on; ${trained} are trained on${few}`,
      because: `a share of ${heldOut}, drawn by the seed ${seed}`,
      options: ['heldOut'],
    },
  ];
}

/** How batches are filled from a set that is smaller than one. @param pictures those that can be decoded */
export function assumedOfBatches({ batchSize }: { batchSize: number }, pictures: number): Assumption[] {
  if (pictures >= batchSize) return [];
  const repeated =
    pictures === 1 ? 'the same picture' : `each picture about ${(batchSize / pictures).toFixed(1)} times`;
  return [
    {
      about: 'batches',
      taken: `${batchSize} pictures, ${repeated} in each`,
      because: `the set has only ${pictures}`,
      options: ['batchSize'],
    },
  ];
}

/** How pictures are prepared for a feature classifier. */
export function assumedOfClassifier(imageSize: number): Assumption[] {
  return [
    {
      about: 'pictures',
      taken: `RGB, ${imageSize}×${imageSize}`,
      because: 'default, or as stated',
      options: ['imageSize'],
    },
    { about: 'resizing', taken: resizeWords.crop, because: 'always so', options: [] },
    { about: 'numbers', taken: 'black is -1 and white 1', because: 'always so; the file says it', options: [] },
  ];
}
