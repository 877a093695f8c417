import { describe, expect, test } from 'vitest';
import { networkInputOf } from '../../inference/networks/network-input.js';
import { scoreHead } from '../../inference/networks/find-score-head.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { Network } from '../network/network.js';

/** The mean of a picture after two steps, with a convolution between the second and the score. */
function networkThrough(step: (b: GraphBuilder, x: string) => string) {
  const b = new GraphBuilder(emptyGraph('network'));
  const image = b.input('image', 'float32', ['batch', 1, 4, 4]);
  const stem = b.op('Identity', [image], {}, 'stem');
  const kernel = b.initializer('kernel', float32Tensor([0.5], [1, 1, 1, 1]));
  const later = b.op('Conv', [step(b, stem), kernel], { kernel_shape: [1, 1] }, 'later');
  b.output(b.reduceMean(later, [2, 3], false, 'score'));
  const model = modelOfGraph(b.graph);
  return new Network(model, networkInputOf(model), scoreHead(model), { device: 'cpu' });
}

const ofPictures = async (network: Network, pictures: readonly number[]) => {
  const found = [];
  for (const value of pictures) {
    found.push(await network.onePicture.nonFinite(new Float32Array(16).fill(value), Float32Array.of(1), 'stem'));
  }
  await network.dispose();
  return found;
};

describe('network.onePicture.nonFinite(picture, weights, from)', () => {
  test('names the node whose derivative is infinite, and the layer after it', async () => {
    const network = networkThrough((b, x) => b.mul(b.op('Sqrt', [b.op('Relu', [x])], {}, 'root'), b.scalar(3), 'more'));
    expect(await ofPictures(network, [1, 0])).toEqual([
      undefined,
      { op: 'Sqrt', name: 'root', isDerivative: true, nearest: 'later' },
    ]);
  });

  test('names the first node that overflows, not those that it makes infinite', async () => {
    const network = networkThrough((b, x) => b.op('Neg', [b.op('Exp', [b.mul(x, b.scalar(100))], {}, 'large')]));
    expect(await ofPictures(network, [-1, 1])).toEqual([
      undefined,
      { op: 'Exp', name: 'large', isDerivative: false, nearest: 'later' },
    ]);
  });

  test('passes infinities that nothing comes of, as those of a mask', async () => {
    const network = networkThrough((b, x) => {
      const masked = b.op('Where', [b.op('Less', [x, b.scalar(2)]), b.scalar(Number.NEGATIVE_INFINITY), x], {}, 'mask');
      return b.op('Sqrt', [b.add(b.op('Exp', [masked]), b.op('Relu', [x]))], {}, 'root');
    });
    expect(await ofPictures(network, [1, 0])).toEqual([
      undefined,
      { op: 'Sqrt', name: 'root', isDerivative: true, nearest: 'later' },
    ]);
  });
});
