import { describe, expect, test } from 'vitest';
import { networkInputOf } from '../../inference/networks/network-input.js';
import { scoreHead } from '../../inference/networks/find-score-head.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { Network } from '../network/network.js';

/** The mean of the picture times 1e4 through an activation, which something follows that cannot be undone. */
function networkThrough(activation: (b: GraphBuilder, x: string) => string) {
  const b = new GraphBuilder(emptyGraph('saturating'));
  const image = b.input('image', 'float32', ['batch', 1, 4, 4]);
  const mean = b.reduceMean(image, [1, 2, 3], false, 'mean');
  const x = b.op('Unsqueeze', [b.mul(mean, b.scalar(1e4), 'large'), b.ints([1])], {}, 'x');
  b.output(b.mul(activation(b, x), b.scalar(2), 'doubled'));
  const model = modelOfGraph(b.graph);
  return new Network(model, networkInputOf(model), scoreHead(model), { device: 'cpu' });
}

describe('network.saturations(pictures, from)', () => {
  test.each([
    ['Sigmoid', (b: GraphBuilder, x: string) => b.op('Sigmoid', [x], {}, 'flat')],
    ['Tanh', (b: GraphBuilder, x: string) => b.op('Tanh', [x], {}, 'flat')],
    ['HardSigmoid', (b: GraphBuilder, x: string) => b.op('HardSigmoid', [x], {}, 'flat')],
    ['Clip', (b: GraphBuilder, x: string) => b.op('Clip', [x, b.scalar(0), b.scalar(6)], {}, 'flat')],
    [
      'Softmax',
      (b: GraphBuilder, x: string) =>
        b.op('Softmax', [b.op('Concat', [x, b.op('Neg', [x])], { axis: 1 }, 'two')], { axis: 1 }, 'flat'),
    ],
  ])('names a %s that is flat on a picture, and not where it is steep', async (op, activation) => {
    const network = networkThrough(activation);
    const pictures = new Float32Array(32).fill(1, 16);
    const [dark, bright] = await network.saturations(pictures, 'mean');
    await network.dispose();
    expect(dark).toBeUndefined();
    expect(bright).toMatchObject({ op, name: 'flat', input: op === 'Softmax' ? 'two' : 'x', isScore: true });
  });

  test('asks only of what lies between the value and the logits', async () => {
    const network = networkThrough((b, x) => b.op('Sigmoid', [x], {}, 'flat'));
    expect(await network.saturations(new Float32Array(16).fill(1), 'flat')).toEqual([undefined]);
    await network.dispose();
  });
});
