/**
 * @file DiffAugment (Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training") as ONNX nodes.
 * Gradients flow through it; the random numbers are inputs.
 */
import { float32Tensor, type GraphBuilder } from '../../../../onnx/index.js';
import { APPLIED, augmentationColumns, augmentationWidth, cutSize } from '../../state/augmentation.js';
import { augmentationNames, type AugmentationName, type GanConfig } from '../../../settings/config.js';

/** One number per picture, as a value [N, 1, 1, 1]. */
type Column = (name: (typeof augmentationColumns)[number]) => string;

/** Appends one family of changes to pictures [N, C, S, S]. */
type Change = (b: GraphBuilder, pictures: string, column: Column) => string;

/** x·f around its mean over `axes`. */
function spread(b: GraphBuilder, x: string, axes: readonly number[], factor: string): string {
  const mean = b.reduceMean(x, axes);
  return b.add(b.mul(b.sub(x, mean), factor), mean);
}

const color: Change = (b, pictures, column) => {
  const brighter = b.add(pictures, column('brightness'), 'brightness');
  const saturated = b.within('saturation', () => spread(b, brighter, [1], column('saturation')));
  return b.within('contrast', () => spread(b, saturated, [1, 2, 3], column('contrast')));
};

/** y[i, j] = x[i + rows, j + columns], zero outside: both as products with shifted unit matrices. */
const translation: Change = (b, pictures, column) => {
  const size = b.shape(pictures)[2] as number;
  const offsets = (name: string, offset: (row: number, column: number) => number) => {
    const data = Float32Array.from({ length: size ** 2 }, (_, at) => offset(Math.floor(at / size), at % size));
    return constantOnce(b, `shift_${name}_offsets`, data, [1, 1, size, size]);
  };
  const unit = (matrix: string, shift: string) => b.op('Cast', [b.op('Equal', [matrix, shift])], { to: 1 });
  const rows = unit(
    offsets('row', (row, other) => other - row),
    column('row_shift'),
  );
  const columns = unit(
    offsets('column', (row, other) => row - other),
    column('column_shift'),
  );
  return b.matMul(b.matMul(rows, pictures, 'rows'), columns, 'columns');
};

/** Sets a square around (cut_row, cut_column) to zero, clipped to the picture. */
const cutout: Change = (b, pictures, column) => {
  const size = b.shape(pictures)[2] as number;
  const side = cutSize(size);
  // Pixels −⌊side/2⌋ … side − ⌊side/2⌋ − 1 from the centre: less than side/2 from the middle of these.
  const middle = (side - 1) / 2 - Math.floor(side / 2);
  const positions = Float32Array.from({ length: size }, (_, at) => at - middle);
  const inside = (name: string, centre: string, dims: number[]) => {
    const distance = b.op('Abs', [b.sub(constantOnce(b, `cut_${name}_positions`, positions, dims), centre)]);
    return b.op('Cast', [b.op('Less', [distance, b.scalar(side / 2)])], { to: 1 });
  };
  const cut = b.mul(
    inside('row', column('cut_row'), [1, 1, size, 1]),
    inside('column', column('cut_column'), [1, 1, 1, size]),
  );
  return b.mul(pictures, b.sub(b.scalar(1), cut, 'kept'));
};

const changes: Readonly<Record<AugmentationName, Change>> = { color, translation, cutout };

/**
 * Pictures [N, C, S, S] with the configured random changes; unchanged if there are none, and with `ada` those that are to stay.
 * @param numbers name for the new input [N, 7] of random numbers, with `ada` [N, 8]
 */
export function augmented(b: GraphBuilder, pictures: string, numbers: string, config: GanConfig): string {
  const { diffaugment, ada } = config;
  if (diffaugment.length === 0) return pictures;
  const count = b.shape(pictures)[0] as number;
  b.input(numbers, 'float32', [count, augmentationWidth(config)]);
  const columnAt = (index: number, name: string) => {
    const slice = b.op('Slice', [numbers, b.ints([index]), b.ints([index + 1]), b.ints([1])], {}, name);
    return b.reshape(slice, [count, 1, 1, 1]);
  };
  const column: Column = (name) => columnAt(augmentationColumns.indexOf(name), name);
  const changed = augmentationNames
    .filter((name) => diffaugment.includes(name))
    .reduce((before, name) => b.within(name, () => changes[name](b, before, column)), pictures);
  if (!ada) return changed;
  const isChanged = b.op('Greater', [columnAt(APPLIED, 'applied'), b.scalar(0.5)]);
  return b.op('Where', [isChanged, changed, pictures], {}, 'adaptive');
}

/** A named constant, added once per graph. */
function constantOnce(b: GraphBuilder, name: string, data: Float32Array, dims: number[]): string {
  return b.graph.initializers.has(name) ? name : b.initializer(name, float32Tensor(data, dims));
}
