import { expect, test } from 'vitest';
import { GraphBuilder } from '../../onnx/build/build.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { batchMixer } from './batch-mixing.js';

/** The mixer of what `make` makes of pictures. */
function mixer(make: (b: GraphBuilder, image: string) => string, batch: number | string = 'batch'): string | undefined {
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', [batch, 4, 6, 8]);
  const output = b.output(b.op('Identity', [make(b, image)]));
  return batchMixer(b.graph, image, output)?.name;
}

test('batchMixer(graph, input, value) finds means over the batch wherever its axis stands, and over groups of pictures', () => {
  expect(mixer((b, x) => b.reduceMean(x, [0], true, 'plain'))).toBe('plain');
  expect(mixer((b, x) => b.reduceMean(b.op('Unsqueeze', [x, b.ints([0])]), [1], true, 'moved'))).toBe('moved');
  expect(mixer((b, x) => b.reduceMean(b.transpose(x, [1, 0, 2, 3]), [-3], true, 'last'))).toBe('last');
  const groups = (b: GraphBuilder, x: string) => b.op('Reshape', [x, b.ints([2, -1, 1, 4, 6, 8])]);
  expect(mixer((b, x) => b.reduceMean(groups(b, x), [0], true, 'groups'))).toBe('groups');
});

test('batchMixer(graph, input, value) leaves means over positions, channels and one picture alone', () => {
  expect(mixer((b, x) => b.reduceMean(x, [2, 3]))).toBeUndefined();
  expect(mixer((b, x) => b.reduceMean(b.transpose(x, [1, 0, 2, 3]), [0]))).toBeUndefined();
  expect(mixer((b, x) => b.reduceMean(b.op('Reshape', [x, b.ints([-1, 8])]), [1]))).toBeUndefined();
});

test('batchMixer(graph, input, value) finds batch normalization in training mode, unless each picture is normalised alone', () => {
  const normalized = (b: GraphBuilder, x: string, channels: number) => {
    const ones = b.initializer('ones', float32Tensor(new Float32Array(channels).fill(1), [channels]));
    const inputs = [x, ones, ones, ones, ones];
    return b.ops('BatchNormalization', inputs, 3, { training_mode: 1 }, 'normalized')[0] as string;
  };
  expect(mixer((b, x) => normalized(b, x, 4))).toBe('normalized');
  expect(mixer((b, x) => normalized(b, x, 4), 1)).toBeUndefined();
  expect(mixer((b, x) => normalized(b, b.reshape(x, [1, 8, 6, 8]), 8), 2)).toBeUndefined();
});
