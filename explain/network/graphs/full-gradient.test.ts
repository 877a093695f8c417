import { describe, expect, it } from 'vitest';
import { golden, goldenPath, type NetworkInfo } from '../../../fixtures/golden.js';
import { networkInputOf } from '../../../inference/networks/network-input.js';
import { scoreHead } from '../../../inference/networks/find-score-head.js';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import type { Model } from '../../../onnx/graph/graph.js';
import { float32Tensor, int64Tensor } from '../../../onnx/graph/tensor.js';
import { loadModel, upgradedModel } from '../../../onnx/index.js';
import { Network } from '../network.js';

/** The parts of the full gradient of a network's last score, their sum and the score. */
async function fullGradientOf(model: Model, picture: Float32Array) {
  const head = scoreHead(model);
  const network = new Network(model, networkInputOf(model), head, { device: 'cpu' });
  const logits = await network.logits(picture);
  const weights = Float32Array.from({ length: head.classes }, (_, at) => (at === head.classes - 1 ? 1 : 0));
  const parts = await network.onePicture.fullGradient(picture, weights);
  await network.dispose();
  const sum = parts.flatMap(({ data }) => [...data]).reduce((total, value) => total + value, 0);
  const sizes = parts.map(({ sizes: { channels, height, width } }) => [channels, height, width].join('×'));
  return { parts, sizes, sum, score: logits[head.classes - 1] as number };
}

describe('network.onePicture.fullGradient(picture, weights)', () => {
  it.each(['plain-cnn', 'squeeze', 'residual', 'discriminator-dense'])(
    'adds up to the score of %s, whose layers are linear or rectifiers (Srinivas and Fleuret 2019, prop. 1)',
    async (name) => {
      const { tensor } = golden<NetworkInfo>(name);
      const model = upgradedModel(await loadModel(goldenPath(`${name}.onnx`)));
      const { data, shape } = tensor('input');
      const picture = data.subarray(0, data.length / (shape[0] ?? 1));
      const { parts, sum, score } = await fullGradientOf(model, picture);
      expect(parts.length).toBeGreaterThan(2);
      expect(sum).toBeCloseTo(score, 4);
    },
  );
});

describe('network.onePicture.fullGradient(picture, weights) of biases in nodes of their own', () => {
  const SIZE = 6;
  const picture = Float32Array.from({ length: 3 * SIZE ** 2 }, (_, at) => Math.sin(1.7 * at * at));
  const waves = (dims: readonly number[], shift = 0) =>
    float32Tensor(
      Array.from({ length: dims.reduce((product, size) => product * size, 1) }, (_, at) => Math.cos(3 * at + shift)),
      dims,
    );

  /** image → `body` of values [N, 4, 6, 6] → Relu → global average → three logits without bias. */
  function network(body: (b: GraphBuilder, image: string, conv: (value: string) => string) => string): Model {
    const b = new GraphBuilder();
    const image = b.input('image', 'float32', ['batch', 3, SIZE, SIZE]);
    const kernel = b.initializer('kernel', waves([4, 3, 3, 3]));
    const conv = (value: string) => b.op('Conv', [value, kernel], { pads: [1, 1, 1, 1] }, 'conv');
    const pooled = b.op('GlobalAveragePool', [b.op('Relu', [body(b, image, conv)])]);
    b.output(b.matMul(b.op('Flatten', [pooled], { axis: 1 }), b.initializer('dense', waves([4, 3])), 'logits'));
    return modelOfGraph(b.graph);
  }

  it('puts the bias of channels that stand last on the grid', async () => {
    const model = network((b, image, conv) => {
      const last = b.transpose(conv(image), [0, 2, 3, 1]);
      const product = b.matMul(last, b.initializer('matrix', waves([4, 4], 1)));
      return b.transpose(b.add(product, b.initializer('bias', waves([4], 2))), [0, 3, 1, 2]);
    });
    const { sizes, sum, score } = await fullGradientOf(model, picture);
    expect(sizes).toEqual(['3×6×6', '4×6×6']);
    expect(sum).toBeCloseTo(score, 4);
  });

  it('counts a subtracted constant as negative, of the picture too', async () => {
    const model = network((b, image, conv) => {
      const centred = b.sub(image, b.initializer('mean', waves([1, 3, 1, 1], 1)));
      return b.sub(conv(centred), b.initializer('shift', waves([4, 1, 1], 2)));
    });
    const { sizes, sum, score } = await fullGradientOf(model, picture);
    expect(sizes).toEqual(['3×6×6', '3×6×6', '4×6×6']);
    expect(sum).toBeCloseTo(score, 4);
  });

  it('takes the steps of activation functions for none: the 3 of HardSwish, the 1 of GELU', async () => {
    const swish = network((b, image, conv) => {
      const value = conv(image);
      const [low, high] = [b.scalar(0), b.scalar(6)];
      return b.div(b.mul(value, b.op('Clip', [b.add(value, b.scalar(3)), low, high])), b.scalar(6));
    });
    const gelu = network((b, image, conv) => {
      const value = conv(image);
      return b.mul(value, b.add(b.op('Erf', [b.div(value, b.scalar(Math.SQRT2))]), b.scalar(1)));
    });
    for (const model of [swish, gelu]) expect((await fullGradientOf(model, picture)).sizes).toEqual(['3×6×6']);
  });

  it("takes an attention's position bias for none", async () => {
    const model = network((b, image, conv) => {
      const tokens = b.transpose(b.reshape(conv(image), ['batch', 4, 36]), [0, 2, 1]);
      const scores = b.matMul(tokens, b.transpose(tokens, [0, 2, 1]));
      const heads = b.op('Unsqueeze', [scores, b.initializer('axes', int64Tensor([1]))]);
      const shares = b.op('Softmax', [b.add(heads, b.initializer('positions', waves([1, 1, 36, 36])))], { axis: -1 });
      const read = b.matMul(b.op('Squeeze', [shares, b.initializer('axis', int64Tensor([1]))]), tokens);
      return b.reshape(b.transpose(read, [0, 2, 1]), ['batch', 4, SIZE, SIZE]);
    });
    expect((await fullGradientOf(model, picture)).sizes).toEqual(['3×6×6']);
  });
});
