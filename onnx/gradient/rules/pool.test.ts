import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../build/build.js';
import { caseLabel, checkVjp, outputsOf, uncheckedOps, type VjpCase } from '../check.test.helper.js';
import { poolRules } from './pool.js';
import { gradients } from '../walk.js';

/** Distinct values at least 0.05 apart, in an order that no window follows. */
function distinct(shape: readonly number[]) {
  const count = shape.reduce((product, size) => product * size, 1);
  const step = [7, 11, 13, 17, 19, 23].find((prime) => count % prime !== 0) as number;
  return { shape, values: Array.from({ length: count }, (_, index) => (((index * step) % count) - count / 2) * 0.05) };
}

const windows: { shape: readonly number[]; attributes: Record<string, number | string | readonly number[]> }[] = [
  { shape: [2, 3, 6, 6], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  { shape: [2, 2, 7, 5], attributes: { kernel_shape: [3, 3], strides: [2, 2] } },
  { shape: [1, 2, 7, 8], attributes: { kernel_shape: [3, 2], strides: [2, 3], pads: [1, 0, 0, 1] } },
  { shape: [1, 2, 5, 5], attributes: { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] } },
  { shape: [1, 1, 6, 7], attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
  { shape: [1, 1, 6, 6], attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 } },
  { shape: [1, 2, 5, 6], attributes: { kernel_shape: [2, 2], strides: [3, 3] } },
  { shape: [1, 2, 7, 6], attributes: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' } },
  { shape: [1, 2, 6, 5], attributes: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: 'SAME_LOWER' } },
  { shape: [1, 2, 6, 5], attributes: { kernel_shape: [2, 3], auto_pad: 'VALID' } },
  { shape: [2, 2, 9], attributes: { kernel_shape: [4], strides: [3], pads: [1, 2] } },
  { shape: [1, 1, 4, 5, 4], attributes: { kernel_shape: [2, 3, 2], strides: [2, 1, 2], pads: [0, 1, 0, 0, 1, 0] } },
];

const cases: VjpCase[] = [
  ...windows.flatMap(({ shape, attributes }, index): VjpCase[] => [
    { op: 'MaxPool', inputs: [distinct(shape)], attributes, symbolicBatch: index % 2 ? [0] : [] },
    { op: 'AveragePool', inputs: [{ shape }], attributes, symbolicBatch: index % 2 ? [] : [0] },
    { op: 'AveragePool', inputs: [{ shape }], attributes: { ...attributes, count_include_pad: 1 } },
  ]),
  { op: 'MaxPool', inputs: [distinct([1, 2, 7, 8])], attributes: { kernel_shape: [3, 2], dilations: [2, 3] } },
  {
    op: 'MaxPool',
    inputs: [distinct([1, 2, 7, 8])],
    attributes: { kernel_shape: [3, 3], dilations: [2, 2], strides: [2, 3], pads: [2, 1, 1, 2], ceil_mode: 1 },
  },
  // The windows of AlexNet and GoogLeNet: they overlap, and the last one hangs over.
  ...[13, 14, 27].map((size): VjpCase => ({
    op: 'MaxPool',
    inputs: [distinct([1, 2, size, size - 1])],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
    symbolicBatch: [0],
  })),
  {
    op: 'MaxPool',
    inputs: [distinct([2, 2, 6, 6])],
    attributes: { kernel_shape: [2, 2], storage_order: 1 },
    outputs: 2,
  },
  ...['GlobalAveragePool', 'GlobalMaxPool'].flatMap((op): VjpCase[] => [
    { op, inputs: [distinct([2, 3, 4, 5])], symbolicBatch: [0] },
    { op, inputs: [distinct([1, 3, 7])] },
    { op, inputs: [distinct([1, 2, 2, 3, 2])] },
  ]),
];

/** Gradient of the sum of a pool's outputs by its input [1, 1, …sizes]. */
async function gradientOf(op: string, attributes: VjpCase['attributes'], sizes: number[], data: number[]) {
  const b = new GraphBuilder();
  b.input('x', 'float32', [1, 1, ...sizes]);
  b.output(gradients(b, b.op(op, ['x'], attributes), ['x']).get('x') as string, 'd');
  return (await outputsOf(b, { x: { dims: [1, 1, ...sizes], data } }))['d'];
}

describe('gradients(…) of pooling', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(poolRules, cases)).toEqual([]));

  it('gives a maximum that occurs several times to its first place, as PyTorch does', async () => {
    const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
    expect(await gradientOf('MaxPool', attributes, [2, 4], [1, 1, 0, 2, 1, 1, 2, 2])).toEqual([1, 0, 0, 1, 0, 0, 0, 0]);
    expect(await gradientOf('GlobalMaxPool', {}, [2, 3], [0, 3, 1, 3, 3, 2])).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it('adds up what overlapping windows send to the same element', async () => {
    const attributes = { kernel_shape: [3], strides: [1] };
    expect(await gradientOf('MaxPool', attributes, [5], [0, 1, 5, 1, 0])).toEqual([0, 0, 3, 0, 0]);
  });

  it('leaves picture sizes open where only means and maxima over all of it are taken', () => {
    for (const op of ['GlobalAveragePool', 'GlobalMaxPool', 'MaxPool']) {
      const b = new GraphBuilder();
      b.input('x', 'float32', ['N', 3, 'H', 'W']);
      const y = b.op(op, ['x'], op === 'MaxPool' ? { kernel_shape: [2, 2] } : {});
      expect(b.shape(gradients(b, y, ['x']).get('x') as string)).toEqual(['N', 3, 'H', 'W']);
    }
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 3, 'H', 'W']);
    const y = b.op('AveragePool', ['x'], { kernel_shape: [2, 2] }, 'pool');
    expect(() => gradients(b, y, ['x'])).toThrow(
      'AveragePool "pool": differentiating needs a fixed picture size; got "H"',
    );
  });
});
