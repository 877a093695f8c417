import { expect, test } from 'vitest';
import { float } from '../graph/attributes.js';
import { GraphBuilder } from '../build/build.js';
import { float32Tensor } from '../graph/tensor.js';
import { outputsOf } from './check.test.helper.js';
import { guidedRules } from './guided.js';
import { gradients } from './walk.js';

/** x on both sides of all bounds, twice: once with a positive gradient from above, once with a negative one. */
const x = [-3, 0, 0.5, 3, 7, -3, -0.5, 0.5, 3, 7];
const from = [2, 2, 2, 2, 2, -2, -2, -2, -2, -2];

const rectified = { Relu: [0, 0, 2, 2, 2, 0, 0, 0, 0, 0], Clip06: [0, 0, 2, 2, 0, 0, 0, 0, 0, 0] };

test.each([
  ['Relu', (b: GraphBuilder) => b.op('Relu', ['x']), rectified.Relu],
  ['LeakyRelu', (b: GraphBuilder) => b.op('LeakyRelu', ['x'], { alpha: float(0.2) }), rectified.Relu],
  [
    'PRelu',
    (b: GraphBuilder) => b.op('PRelu', ['x', b.initializer('slope', float32Tensor([0.2], [1]))]),
    rectified.Relu,
  ],
  ['the larger of it and 0', (b: GraphBuilder) => b.op('Max', [b.scalar(0), 'x']), rectified.Relu],
  ['the larger of it and 1', (b: GraphBuilder) => b.op('Max', ['x', b.scalar(1)]), [0, 0, 0, 2, 2, 0, 0, 0, -2, -2]],
  ['Clip of 0…6', (b: GraphBuilder) => b.op('Clip', ['x', b.scalar(0), b.scalar(6)]), rectified.Clip06],
  ['Clip of 0…', (b: GraphBuilder) => b.op('Clip', ['x', b.scalar(0)]), rectified.Relu],
  [
    'Clip of −1…1',
    (b: GraphBuilder) => b.op('Clip', ['x', b.scalar(-1), b.scalar(1)]),
    [0, 2, 2, 0, 0, 0, -2, -2, 0, 0],
  ],
  ['Clip of …1', (b: GraphBuilder) => b.op('Clip', ['x', '', b.scalar(1)]), [2, 2, 2, 0, 0, -2, -2, -2, 0, 0]],
])('guided backpropagation keeps what speaks for the score at %s, if it is a rectifier', async (_, layer, expected) => {
  const b = new GraphBuilder();
  b.input('x', 'float32', [10]);
  b.mul(layer(b), b.initializer('from', float32Tensor(from, [10])), 'y');
  b.output(gradients(b, 'y', ['x'], { rules: guidedRules }).get('x') as string, 'd');
  const { d } = await outputsOf(b, { x: { dims: [10], data: x } });
  expect(d?.map((value) => value + 0)).toEqual(expected);
});
