/** @file Layer DeepLIFT of networks with nodes that DeepLIFT has no rule for. */
import { describe, expect, it } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import type { Model } from '../../../onnx/graph/graph.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import { HEIGHT, noisePicture, PREPARATION, WIDTH } from '../../explained.test.helper.js';
import { Explainer } from '../../maps/explain.js';

/** early_conv → Atan, which DeepLIFT has no rule for → late_conv → Relu → global average → two logits. */
function network(): Model {
  const b = new GraphBuilder(emptyGraph('bent'));
  const image = b.input('image', 'float32', ['batch', 3, HEIGHT, WIDTH]);
  const weights = (name: string, dims: readonly number[]) => {
    const count = dims.reduce((product, size) => product * size, 1);
    return b.initializer(
      name,
      float32Tensor(
        Array.from({ length: count }, (_, at) => 0.3 * Math.cos(at)),
        dims,
      ),
    );
  };
  const conv = (x: string, channels: number, name: string) =>
    b.op('Conv', [x, weights(`${name}_weights`, [3, channels, 3, 3])], { kernel_shape: [3, 3] }, name);
  const bent = b.op('Atan', [conv(image, 3, 'early_conv')], {}, 'bend');
  const pooled = b.op('GlobalAveragePool', [b.op('Relu', [conv(bent, 3, 'late_conv')])]);
  b.output(b.matMul(b.op('Flatten', [pooled], { axis: 1 }), weights('dense', [3, 2])), 'logits');
  return modelOfGraph(b.graph);
}

describe('layer-deeplift', () => {
  it('needs no rules for what stands before the layer', async () => {
    await using explainer = await Explainer.load(network(), { device: 'cpu', preparation: PREPARATION });
    const [map] = await explainer.explain([noisePicture(1)], { methods: ['layer-deeplift'], layers: 'late_conv' });
    const { sum = 0, difference = 0 } = map?.completeness ?? {};
    expect(Math.abs(difference)).toBeGreaterThan(1e-3);
    expect(Math.abs(sum / difference - 1)).toBeLessThan(1e-4);
    expect(explainer.methods()).toContain('layer-deeplift');
    expect(explainer.methods()).not.toContain('deeplift');
  });

  it('names the node behind the layer that has none, and the layer to take', async () => {
    await using explainer = await Explainer.load(network(), { device: 'cpu', preparation: PREPARATION });
    const explained = explainer.explain([noisePicture(1)], {
      methods: ['layer-deeplift'],
      layers: 'early_conv,late_conv',
    });
    await expect(explained).rejects.toThrow(
      /Atan "bend": DeepLIFT has no rule for it.*nearest layer after it that can be explained is Conv "late_conv"/,
    );
  });
});

/** Patches → a class token before them → attention by one head → the class token → three scores. */
function tokenNetwork(): Model {
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', [1, 3, 8, 8]);
  const weights = (name: string, dims: readonly number[]) => {
    const count = dims.reduce((product, size) => product * size, 1);
    return b.initializer(
      name,
      float32Tensor(
        Array.from({ length: count }, (_, at) => 0.3 * Math.cos(3 * at)),
        dims,
      ),
    );
  };
  const patches = b.op('Conv', [image, weights('patches', [4, 3, 2, 2])], { strides: [2, 2] }, 'patch_conv');
  const tokens = b.transpose(b.reshape(patches, [1, 4, 16]), [0, 2, 1]);
  const read = (all: string, name: string) => {
    const shares = b.op('Softmax', [b.matMul(all, b.transpose(all, [0, 2, 1]))], { axis: -1 });
    return b.matMul(shares, b.matMul(all, weights(`${name}_values`, [4, 4])), name);
  };
  const first = read(b.op('Concat', [weights('class', [1, 1, 4]), tokens], { axis: 1 }), 'first');
  const own = b.op('Gather', [read(first, 'second'), b.scalar(0, 'int64')], { axis: 1 });
  b.output(b.matMul(own, weights('dense', [4, 3])), 'logits');
  return modelOfGraph(b.graph);
}

it.each(['layer-deeplift', 'layer-integrated-gradients'] as const)(
  '%s adds up at all tokens, and is not said to where a class token has no place in the map',
  async (method) => {
    await using explainer = await Explainer.load(tokenNetwork(), { device: 'cpu', preparation: PREPARATION });
    const picture = Float32Array.from({ length: 192 }, (_, at) => 2 * Math.sin(1.7 * at * at));
    const explained = async (tokens?: { height: number; width: number }) => {
      const options = { methods: [method], layers: 'first', targets: 1, ...(tokens && { tokens }) };
      const [map] = await explainer.explainInput(picture, { ...options, runs: { steps: 300 } });
      return map;
    };
    const { completeness } = (await explained({ height: 1, width: 17 })) ?? {};
    expect((completeness?.sum ?? 0) / (completeness?.difference ?? 1)).toBeCloseTo(1, 3);
    const onPatches = await explained();
    expect(onPatches?.layer.tokens).toEqual({ leading: 1, height: 4, width: 4 });
    expect(onPatches?.completeness).toBeUndefined();
  },
);
