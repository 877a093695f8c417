/** @file The contrastive loss is PyTorch's, and the nearest of a batch is found. */
import { Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { golden, relativeError } from '../../fixtures/golden.js';
import { createSession } from '../../inference/runtime/session.node.js';
import { emptyGraph, float32Tensor, GraphBuilder, gradients, modelOfGraph } from '../../onnx/index.js';
import { cosines, similarities } from './similarities.js';

it('the loss of similarities(b, embeddings, count), and its gradient, are those of PyTorch', async () => {
  const { info, tensor } = golden<{ loss: number }>('contrast');
  const b = new GraphBuilder(emptyGraph('contrast'));
  const x = b.input('x', 'float32', [6, 4]);
  const other = Float32Array.from({ length: 36 }, (_, at) => ((Math.floor(at / 6) + 3) % 6 === at % 6 ? 1 / 6 : 0));
  const chosen = b.mul(
    b.op('LogSoftmax', [similarities(b, x, 6)], { axis: 1 }),
    b.initializer('other', float32Tensor(other, [6, 6])),
  );
  const loss = b.op('Neg', [b.op('ReduceSum', [chosen], { keepdims: 0 })]);
  b.output(gradients(b, loss, [x]).get(x) as string, 'gradient');
  b.output(loss, 'loss');
  const session = await createSession(modelOfGraph(b.graph));
  const found = await session.run({ x: new Tensor('float32', tensor('embeddings').data, [6, 4]) });
  await session.release();
  const numbers = (name: string) => (found[name] as Tensor).data as Float32Array;
  expect(numbers('loss')[0]).toBeCloseTo(info.loss, 5);
  expect(relativeError(numbers('gradient'), tensor('gradient').data)).toBeLessThan(1e-4);
});

it('cosines(embeddings, count) leave out each one itself', () => {
  const found = cosines(Float32Array.of(1, 0, 0, 2, 3, 3), 3);
  const half = Math.fround(Math.SQRT1_2);
  const expected = [-Infinity, 0, half, 0, -Infinity, half, half, half, -Infinity];
  expect([...found].map((value) => Number(value.toFixed(6)))).toEqual(
    expected.map((value) => Number(value.toFixed(6))),
  );
});
