/** @file The random numbers of DiffAugment (Zhao et al. 2020). They are drawn outside the training step, so that all implementations use the same. */
import type { Random } from '../../../inference/numeric/random.js';
import type { GanConfig } from '../../settings/config.js';

/** Columns of the random numbers; there is one row per picture. */
export const augmentationColumns = [
  /** Added to all values, −0.5…0.5. */
  'brightness',
  /** Factor of each pixel's distance from its mean over the channels, 0…2. */
  'saturation',
  /** Factor of each value's distance from the picture's mean, 0.5…1.5. */
  'contrast',
  /** Row and column that move to row 0 and column 0: integers, up to an eighth of the size. */
  'row_shift',
  'column_shift',
  /** Centre of the square that is cut out. */
  'cut_row',
  'cut_column',
] as const;

/** Column behind them with `ada`: 1 where the picture is changed, else 0. */
export const APPLIED = augmentationColumns.length;

/** How many columns there are. */
export const augmentationWidth = ({ ada }: Pick<GanConfig, 'ada'>): number =>
  augmentationColumns.length + (ada ? 1 : 0);

/** Largest shift in pixels. */
export const largestShift = (imageSize: number): number => Math.floor(imageSize / 8 + 0.5);

/** Side in pixels of the square that is cut out. */
export const cutSize = (imageSize: number): number => Math.floor(imageSize / 2 + 0.5);

/**
 * The numbers for `count` pictures, [count, 7], distributed as in the paper's code. All columns are always drawn,
 * so the choice of families does not change the numbers of other families.
 * @param probability with `ada`: of each picture to be changed, which makes it [count, 8]
 */
export function drawnAugmentation(
  random: Random,
  count: number,
  imageSize: number,
  probability?: number,
): Float32Array {
  const shift = () => random.integer(2 * largestShift(imageSize) + 1) - largestShift(imageSize);
  const centre = () => random.integer(imageSize + 1 - (cutSize(imageSize) % 2));
  const row = () => [
    random.uniform() - 0.5,
    2 * random.uniform(),
    random.uniform() + 0.5,
    shift(),
    shift(),
    centre(),
    centre(),
    ...(probability === undefined ? [] : [random.uniform() < probability ? 1 : 0]),
  ];
  return Float32Array.from(Array.from({ length: count }, row).flat());
}
