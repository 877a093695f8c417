import { expect, test } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import { openSession } from '../runtime.node.js';
import { sessionTensor } from '../session.js';
import { storedModel } from './stored-model.node.js';

/** Rows of ones times a matrix of one number, plus a small bias. */
function linear(rows: number, columns: number) {
  const b = new GraphBuilder();
  const weights = b.initializer('w', float32Tensor(new Float32Array(rows * columns).fill(0.5), [rows, columns]));
  const bias = b.initializer('b', float32Tensor(new Float32Array(columns).fill(3), [columns]));
  b.output(b.add(b.matMul(b.input('x', 'float32', ['n', rows]), weights), bias), 'y');
  return modelOfGraph(b.graph);
}

test('storedModel(model) leaves small models whole', async () => {
  expect((await storedModel(linear(8, 4))).weights).toEqual([]);
});

test('storedModel(model) keeps large weights beside the file, uncopied, and a session finds them', async () => {
  const model = linear(2 ** 16, 2 ** 10);
  const { bytes, weights } = await storedModel(model);
  expect(bytes.length).toBeLessThan(2 ** 14);
  expect(weights.map(({ data }) => data.length)).toEqual([2 ** 28]);
  const own = model.graph.initializers.get('w')?.data as Float32Array;
  expect(weights[0]?.data.buffer).toBe(own.buffer);
  const session = await openSession(model);
  const { y } = await session.run({ x: sessionTensor(new Float32Array(2 ** 16).fill(1), [1, 2 ** 16]) });
  await session.release();
  expect(y?.dims).toEqual([1, 2 ** 10]);
  expect(new Set(y?.data as Float32Array)).toEqual(new Set([2 ** 15 + 3]));
}, 60_000);
