/** @file What is subtracted from the score: rough pictures, and numbers far from their middle. */
import type { GraphBuilder } from '../../../onnx/build/build.js';

/** Weights of the regularisers; 0 leaves one out. */
export interface RegularizerWeights {
  /** Of the total variation. */
  tv: number;
  /** Of the squares. */
  l2: number;
}

/**
 * Total variation: the mean of the differences of neighbours in magnitude, along both axes (Rudin et al. 1992, anisotropic, as
 * `tf.image.total_variation`, but a mean), summed over rows.
 * @param levels [R, C, H, W]
 */
export function totalVariation(b: GraphBuilder, levels: string): string {
  const shape = b.shape(levels).map(Number);
  const parts = [2, 3].flatMap((axis) => {
    const length = shape[axis] as number;
    if (length < 2) return [];
    const part = (from: number, to: number) => b.op('Slice', [levels, b.ints([from]), b.ints([to]), b.ints([axis])]);
    const differences = b.op('Abs', [b.sub(part(1, length), part(0, length - 1))]);
    return [b.reduceMean(differences, [1, 2, 3], false)];
  });
  const sum =
    parts.length === 0
      ? b.reduceMean(b.mul(levels, b.scalar(0)), [1, 2, 3], false)
      : parts.reduce((x, y) => b.add(x, y));
  return b.reduceSum(sum, [0], false, 'total_variation');
}

/**
 * The mean of the squares of numbers beside a middle (Simonyan et al. 2014, section 2; Yosinski et al. 2015, "L2 decay"), summed
 * over rows.
 */
export function squares(b: GraphBuilder, value: string, middle: number): string {
  const beside = middle === 0 ? value : b.sub(value, b.scalar(middle));
  const axes = b.shape(value).map((_, axis) => axis);
  return b.reduceSum(b.reduceMean(b.mul(beside, beside), axes.slice(1), false), [0], false, 'squares');
}
