/** @file Networks in which the pictures of a batch influence each other: each is explained as if it were alone. */
import { describe, expect, it } from 'vitest';
import { Discriminator } from '../../inference/networks/discriminator.js';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { Dim, Model } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { HEIGHT, noisePicture, PREPARATION, WIDTH } from '../explained.test.helper.js';
import { relativeError } from '../networks.test.helper.js';
import { selfExplainingModel } from '../self-explaining/self-explaining.js';
import type { MethodName } from '../methods/table.js';
import { Explainer } from './explain.js';

/** features_conv → Relu, times its mean over the batch → global average → scores. */
function mixingNetwork(batch: Dim, scores = 2): Model {
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', [batch, 3, HEIGHT, WIDTH]);
  const waves = (dims: readonly number[]) =>
    float32Tensor(
      Array.from({ length: dims.reduce((product, size) => product * size, 1) }, (_, at) => Math.cos(3 * at)),
      dims,
    );
  const conv = b.op('Conv', [image, b.initializer('kernel', waves([4, 3, 3, 3]))], {}, 'features_conv');
  const features = b.op('Relu', [conv]);
  const mixed = b.mul(features, b.reduceMean(features, [0], true, 'over_batch'));
  const flat = b.op('Flatten', [b.op('GlobalAveragePool', [mixed])], { axis: 1 });
  b.output(b.matMul(flat, b.initializer('dense', waves([4, scores])), 'logits'));
  return modelOfGraph(b.graph);
}

const METHODS: MethodName[] = [
  'gradcam',
  'shapley-cam',
  'ablationcam',
  'scorecam',
  'layer-integrated-gradients',
  'layer-deeplift',
  'saliency',
  'integrated-gradients',
  'deeplift',
  'fullgrad',
];

describe('Explainer of a network that mixes the pictures of a batch', () => {
  const pictures = [noisePicture(1), noisePicture(2), noisePicture(3)];
  const explained = async (batch: Dim) => {
    await using explainer = await Explainer.load(mixingNetwork(batch), { device: 'cpu', preparation: PREPARATION });
    const options = { layers: 'features_conv', methods: METHODS, targets: 1, runs: { steps: 5 } };
    const maps = await explainer.explain(pictures, options);
    const [alone] = await explainer.explain(pictures.slice(0, 1), options);
    return { maps, alone, told: explainer.assumptions.find(({ about }) => about === 'batch') };
  };

  it('gives the maps of each picture alone, by any method, where the batch is fixed as where it is open', async () => {
    const [open, fixed] = await Promise.all([explained('batch'), explained(2)]);
    expect(fixed.maps).toHaveLength(pictures.length * METHODS.length);
    fixed.maps.forEach(({ method, picture, score, signed }, at) => {
      const other = open.maps[at];
      expect([other?.method, other?.picture]).toEqual([method, picture]);
      expect(score).toBeCloseTo(other?.score ?? Number.NaN, 5);
      expect(relativeError(signed, other?.signed ?? new Float32Array()), method).toBeLessThan(1e-4);
    });
    expect(fixed.maps[0]?.score).toBe(fixed.alone?.score);
    expect(open.told?.taken).toBe('pictures are explained one by one');
    expect(fixed.told?.taken).toBe('pictures are explained one by one, copies of each fill the batch of 2');
    expect(fixed.told?.because).toMatch(/ReduceMean "over_batch" lets the pictures of a batch influence each other/);
  });

  it('says so of a self-explaining model', () => {
    const told = (batch: Dim) =>
      selfExplainingModel(mixingNetwork(batch), { target: 1 }).assumptions.filter(({ about }) => about === 'batch');
    expect(told(2)[0]?.taken).toMatch(
      /a heatmap is that of its picture alone where copies of one picture fill the batch/,
    );
    expect(told('batch')).toHaveLength(1);
    expect(told(1)).toEqual([]);
  });

  it('is scored one by one too', async () => {
    await using discriminator = await Discriminator.load(mixingNetwork(2, 1), {
      device: 'cpu',
      preparation: PREPARATION,
    });
    const [first] = await discriminator.score(pictures);
    const [alone] = await discriminator.score(pictures.slice(0, 1));
    expect(first?.logit).toBe(alone?.logit);
  });
});
