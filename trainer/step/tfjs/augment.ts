/** @file DiffAugment (Zhao et al. 2020) in tfjs operations, picture by picture where `graph/augment.ts` multiplies matrices. */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';
import { APPLIED, augmentationColumns, augmentationWidth, cutSize, largestShift } from '../state/augmentation.js';
import { augmentationNames, type AugmentationName, type GanConfig } from '../../settings/config.js';

type Column = (name: (typeof augmentationColumns)[number]) => number[];
type Change = (pictures: Tensor4D, column: Column) => Tensor;

const perPicture = (values: number[]) => tf.tensor4d(values, [values.length, 1, 1, 1]);

function spread(x: Tensor, axes: number[], factors: number[]): Tensor {
  const mean = tf.mean(x, axes, true);
  return tf.add(tf.mul(tf.sub(x, mean), perPicture(factors)), mean);
}

const changes: Readonly<Record<AugmentationName, Change>> = {
  color: (pictures, column) => {
    const brighter = tf.add(pictures, perPicture(column('brightness')));
    return spread(spread(brighter, [3], column('saturation')), [1, 2, 3], column('contrast'));
  },
  translation: (pictures, column) => {
    const [count, size, , channels] = pictures.shape;
    const border = largestShift(size);
    const sides: [number, number] = [border, border];
    const padded = tf.pad(pictures, [[0, 0], sides, sides, [0, 0]]);
    const [rows, columns] = [column('row_shift'), column('column_shift')];
    const moved = Array.from({ length: count }, (_, n) =>
      tf.slice(
        padded,
        [n, border + (rows[n] as number), border + (columns[n] as number), 0],
        [1, size, size, channels],
      ),
    );
    return tf.concat(moved, 0);
  },
  cutout: (pictures, column) => {
    const [count, size] = pictures.shape;
    const side = cutSize(size);
    const mask = tf.buffer([count, size, size, 1]);
    const [rows, columns] = [column('cut_row'), column('cut_column')];
    const inside = (at: number, centre = 0) => at >= centre - (side >> 1) && at < centre - (side >> 1) + side;
    for (let n = 0; n < count; n++)
      for (let row = 0; row < size; row++)
        for (let at = 0; at < size; at++)
          mask.set(inside(row, rows[n]) && inside(at, columns[n]) ? 0 : 1, n, row, at, 0);
    return tf.mul(pictures, mask.toTensor());
  },
};

/** Pictures [N, S, S, C] with the configured random changes. @param numbers [N, 7], with `ada` [N, 8], row-major */
export function augmented(pictures: Tensor, numbers: Float32Array | undefined, config: GanConfig): Tensor {
  const { diffaugment, ada } = config;
  if (diffaugment.length === 0) return pictures;
  if (numbers === undefined) throw new Error('the batch lacks the random numbers of DiffAugment');
  const width = augmentationWidth(config);
  const columnAt = (index: number) =>
    Array.from({ length: numbers.length / width }, (_, row) => numbers[row * width + index] as number);
  const column: Column = (name) => columnAt(augmentationColumns.indexOf(name));
  const changed = augmentationNames
    .filter((name) => diffaugment.includes(name))
    .reduce<Tensor>((before, name) => changes[name](before as Tensor4D, column), pictures);
  return ada ? tf.where(tf.greater(perPicture(columnAt(APPLIED)), 0.5), changed, pictures) : changed;
}
