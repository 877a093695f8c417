/** @file A generator's pictures as levels, for graphs that go on from them. */
import type { Generator } from '../../../inference/networks/generator.js';
import { rangeNormalization } from '../../../inference/pictures/pixels.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { InputError } from '../../../onnx/errors.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';

/**
 * Appends x·std + mean: the generator's numbers as levels, 0 is black and 1 white. They are not rounded or clamped.
 * @param pictures its numbers [R, C, H, W]
 * @throws InputError for pictures that are no float32 numbers
 */
export function appendedLevels(
  b: GraphBuilder,
  pictures: string,
  { range, channels }: Pick<Generator, 'range' | 'channels'>,
): string {
  const { type } = b.type(pictures);
  if (type !== 'float32')
    throw new InputError({ name: 'generator', expected: 'float32 pictures, which have a gradient', got: type });
  const { mean, std } = rangeNormalization(range, channels);
  const perChannel = (name: string, values: readonly number[]) =>
    b.initializer(b.unique(name), float32Tensor(Float32Array.from(values), [1, channels, 1, 1]));
  return b.within('levels', () =>
    b.add(b.mul(pictures, perChannel('scale', std)), perChannel('shift', mean), 'levels'),
  );
}
