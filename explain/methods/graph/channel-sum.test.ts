import { describe, expect, it } from 'vitest';
import { createSession } from '../../../inference/runtime/session.node.js';
import { Tensor } from '../../../inference/runtime/onnxruntime/library.node.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import type { Shape } from '../../../onnx/graph/graph.js';
import { channelSum, weightedSum } from './channel-sum.js';

const [N, K, H, W] = [2, 3, 4, 5];
const activations = Float32Array.from({ length: N * K * H * W }, (_, i) => Math.sin(i));
const weights = Float32Array.from({ length: N * K }, (_, i) => i - 2);

describe('channelSum(…) and weightedSum(…)', () => {
  for (const [sizes, shape] of [
    ['known', [N, K, H, W]],
    ['an open batch', ['batch', K, H, W]],
    ['all open', ['batch', K, 'height', 'width']],
  ] as [string, Shape][]) {
    it(`sum over channels (sizes: ${sizes})`, async () => {
      const b = new GraphBuilder(emptyGraph('sums'));
      const layer = b.input('activations', 'float32', shape);
      const weight = b.input('weights', 'float32', [shape[0] as number, K, 1, 1]);
      b.output(channelSum(b, layer), 'plain');
      b.output(weightedSum(b, weight, layer), 'weighted');
      const session = await createSession(modelOfGraph(b.graph));
      const { plain, weighted } = await session.run({
        activations: new Tensor('float32', activations, [N, K, H, W]),
        weights: new Tensor('float32', weights, [N, K, 1, 1]),
      });
      await session.release();
      const sum = (n: number, at: number, weightOf: (k: number) => number) =>
        [0, 1, 2].reduce((total, k) => total + weightOf(n * K + k) * (activations[(n * K + k) * H * W + at] ?? 0), 0);
      for (const [tensor, weightOf] of [
        [plain, () => 1],
        [weighted, (k: number) => weights[k] ?? 0],
      ] as [Tensor, (k: number) => number][]) {
        expect(tensor.dims).toEqual([N, H, W]);
        (tensor.data as Float32Array).forEach((value, i) => {
          expect(value).toBeCloseTo(sum(Math.floor(i / (H * W)), i % (H * W), weightOf), 5);
        });
      }
    });
  }
});
