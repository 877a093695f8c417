/** @file An explanation as one graph, and the same in stages: both judge and compute alike. */
import { describe, expect, test } from 'vitest';
import { preparedPictures } from '../../inference/networks/network-input.js';
import { Random } from '../../inference/numeric/random.js';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { Model } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { HEIGHT, noisePicture, PREPARATION, WIDTH } from '../explained.test.helper.js';
import { methodNames } from '../methods/table.js';
import { fitsWhole } from '../network/graphs/whole-model.js';
import { brightnessNetwork, relativeError } from '../networks.test.helper.js';
import { Explainer, type ExplainOptions } from './explain.js';
import type { Explanation } from './explanation.js';

const random = new Random(7);
const numbers = (...dims: number[]) =>
  float32Tensor(
    Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.normal()),
    dims,
  );

/** A convolution, `features_conv`, with random weights and what `ending` makes of it. */
function network(channels: number, ending: (b: GraphBuilder, features: string) => string): Model {
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', ['batch', 3, HEIGHT, WIDTH]);
  const kernel = b.initializer('kernel', numbers(channels, 3, 8, 8));
  b.output(ending(b, b.op('Conv', [image, kernel], { kernel_shape: [8, 8], strides: [8, 8] }, 'features_conv')));
  return modelOfGraph(b.graph);
}

/** The maps of a new picture, which one graph computes, and of the same picture again, which stages compute. */
async function bothPaths(model: Model, options: ExplainOptions) {
  const explainer = await Explainer.load(model, { device: 'cpu', preparation: PREPARATION });
  const explained = () => explainer.explain([noisePicture(1)], { layers: 'features_conv', ...options });
  try {
    const whole = await explained();
    expect(explainer.runs).toMatchObject({ whole: 1, forward: 0, backward: 0 });
    const stages = await explained();
    expect(explainer.runs).toMatchObject({ whole: 1, forward: 1, backward: 1 });
    return { whole, stages };
  } finally {
    await explainer.dispose();
  }
}

describe('explainer.explain(pictures, options), as one graph and in stages', () => {
  /** Gradients of what is before an instance normalization add up to zero, but for rounding. */
  const cancelling = network(4, (b, features) => {
    const ones = b.initializer('ones', float32Tensor(new Float32Array(4).fill(1), [4]));
    const zeros = b.initializer('zeros', float32Tensor(new Float32Array(4), [4]));
    const normal = b.op('InstanceNormalization', [features, ones, zeros]);
    const size = (4 * HEIGHT * WIDTH) / 64;
    return b.matMul(b.reshape(normal, [-1, size]), b.initializer('matrix', numbers(size, 1)));
  });

  test('Grad-CAM++ of small gradients, which is smaller still, is no rounding', async () => {
    const faint = network(4, (b, features) => {
      const pooled = b.op('GlobalAveragePool', [features]);
      const matrix = b.initializer('matrix', numbers(4, 1));
      return b.mul(b.matMul(b.op('Flatten', [pooled], { axis: 1 }), matrix), b.scalar(2e-6));
    });
    for (const [map] of Object.values(await bothPaths(faint, { methods: ['gradcam++'], targets: 'score' }))) {
      expect(map!.largestGradient).toBeGreaterThan(0);
      expect(map!.largestGradient).toBeLessThan(1e-6);
      expect(map!.reason).toBeUndefined();
      expect(map!.signed.some((value) => value > 0)).toBe(true);
    }
  });

  test('a map that rounding has left of zero is a zero gradient', async () => {
    const paths = await bothPaths(cancelling, { methods: ['gradcam', 'hirescam'], targets: 'score' });
    for (const [mean, each] of Object.values(paths)) {
      expect(mean).toMatchObject({ method: 'gradcam', reason: 'zero gradient', largestGradient: 0 });
      expect(mean!.signed.every((value) => value === 0)).toBe(true);
      // Position by position the gradient is not zero.
      expect(each!.reason).toBeUndefined();
      expect(each!.largestGradient).toBeGreaterThan(0.1);
    }
  });

  test('a small map is one where its gradients are small: it is judged relative to gradient × activation', async () => {
    const faint = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1e-6], ending: 'none' });
    const paths = await bothPaths(faint, { methods: ['gradcam'], targets: 'score' });
    for (const [map] of Object.values(paths)) {
      expect(map!.reason).toBeUndefined();
      const largest = Math.max(...map!.signed);
      expect(largest).toBeGreaterThan(0);
      expect(largest).toBeLessThan(1e-8);
    }
  });

  test('all methods that fit into one graph have the same maps on both paths', async () => {
    const classifier = network(6, (b, features) => {
      const pooled = b.reshape(b.op('GlobalAveragePool', [b.op('Relu', [features])]), [-1, 6]);
      return b.matMul(pooled, b.initializer('classes', numbers(6, 5)));
    });
    const methods = methodNames.filter(fitsWhole);
    expect(methods.length).toBeGreaterThan(8);
    const { whole, stages } = await bothPaths(classifier, { methods });
    expect(whole.map(({ method }) => method).toSorted()).toEqual(methods.toSorted());
    whole.forEach((map, at) => {
      const other = stages[at]!;
      const told = ({ method, layer, target, reason }: Explanation) => [method, layer.name, target, reason];
      expect(told(map)).toEqual(told(other));
      expect(relativeError(map.signed, other.signed), map.method).toBeLessThan(1e-5);
      expect(relativeError(map.normalized, other.normalized), map.method).toBeLessThan(1e-5);
      expect(map.largestGradient ?? 0).toBeCloseTo(other.largestGradient ?? 0, 6);
      expect(map.score).toBeCloseTo(other.score, 5);
    });
  });

  test('the mean of a gradient at one of very many positions is no rounding', async () => {
    const wide = network(2, (b, features) => {
      const pooled = b.op('GlobalAveragePool', [features]);
      const padded = b.op('Pad', [pooled, b.ints([0, 0, 0, 0, 0, 0, 1023, 1023])], {}, 'padded');
      return b.op('Conv', [padded, b.initializer('one', numbers(1, 2, 1, 1))], { kernel_shape: [1, 1] }, 'scores');
    });
    const options = { layers: 'scores', targets: { class: 0, region: { at: 0 } }, methods: ['gradcam'] } as const;
    for (const [map] of Object.values(await bothPaths(wide, options))) {
      expect(map!.reason).not.toBe('zero gradient');
      expect(map!.signed[0]! * 1024 ** 2).toBeCloseTo(map!.score, 4);
    }
  });

  describe('of a detector', () => {
    /** As YOLO 8: four coordinates and three classes of 15 boxes. */
    const detector = network(7, (b, features) => {
      const rows = b.reshape(b.op('Tanh', [features]), [-1, 7, 15]);
      const mixed = b.matMul(b.initializer('mixing', numbers(7, 7)), rows);
      const [box = '', scores = ''] = b.ops('Split', [mixed, b.ints([4, 3])], 2, { axis: 1 }, 'split');
      return b.op('Concat', [box, b.op('Sigmoid', [scores])], { axis: 1 }, 'detections');
    });

    test('a class at a box has the same map on both paths, and its logit as score', async () => {
      const targets = { class: 2, region: { at: 9 } } as const;
      const { whole, stages } = await bothPaths(detector, { targets, methods: ['gradcam', 'hirescam'] });
      expect(whole.map(({ method }) => method)).toEqual(['gradcam', 'hirescam']);
      whole.forEach((map, at) => {
        expect(map.label).toBe('class 2 at 9');
        expect(map.signed.some((value) => value !== 0)).toBe(true);
        expect(relativeError(map.signed, stages[at]!.signed)).toBeLessThan(1e-5);
        expect(map.score).toBeCloseTo(stages[at]!.score, 5);
        expect(map.probability).toBeCloseTo(1 / (1 + Math.exp(-map.score)), 6);
      });
      // A box sees the part of the picture that is its own.
      expect([...whole[1]!.signed.keys()].filter((at) => whole[1]!.signed[at] !== 0)).toEqual([9]);
    });

    test('a flipped picture has its objects at other boxes, so that views are refused', async () => {
      const explainer = await Explainer.load(detector, { device: 'cpu', preparation: PREPARATION });
      const options = { layers: 'features_conv', targets: 0, augment: true } as const;
      await expect(explainer.explain([noisePicture(1)], options)).rejects.toThrow(
        'augment: expected scores of the picture or of positions; got scores of boxes',
      );
      await explainer.dispose();
    });

    test('the best box depends on the scores, so that it is found in stages', async () => {
      const explainer = await Explainer.load(detector, { device: 'cpu', preparation: PREPARATION });
      const [map] = await explainer.explain([noisePicture(1)], { layers: 'features_conv', methods: ['gradcam'] });
      const { whole } = explainer.runs;
      const logits = await explainer.logits(preparedPictures([noisePicture(1)], explainer.input));
      await explainer.dispose();
      const best = logits.indexOf(Math.max(...logits));
      expect([whole, map!.target]).toEqual([0, { class: Math.floor(best / 15), region: { at: best % 15 } }]);
    });
  });
});
