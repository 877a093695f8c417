/** @file Maps of probabilities and similarities against PyTorch, through the public call. */
import { describe, expect, it, test } from 'vitest';
import { golden, goldenPath, relativeError } from '../../fixtures/golden.js';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { verdict } from '../figures/verdict.js';
import { Explainer, type ExplainerOptions } from '../maps/explain.js';
import { brightnessNetwork } from '../networks.test.helper.js';
import { scoredAs } from './quantities.js';

/** Of the largest value of a map; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;
const [MEAN, STD] = [0.5, 0.25];

const { info, tensor } = golden<{ networks: Record<string, { conv: number; column: number }> }>('targets');

describe.each(Object.keys(info.networks))('Explainer.load of %s', (network) => {
  const { conv, column } = info.networks[network] as { conv: number; column: number };
  const { data, shape } = tensor(`${network}/input`);
  const [, channels, height, width] = shape as [number, number, number, number];

  async function expectMaps(kind: string, options: ExplainerOptions, targets?: number) {
    const normalization = { mean: [MEAN, MEAN, MEAN], std: [STD, STD, STD] };
    await using explainer = await Explainer.load(goldenPath(`${network}.onnx`), {
      device: 'cpu',
      preparation: { normalization, resize: 'crop' },
      ...options,
    });
    const maps = await explainer.explainInput(data, {
      layers: conv,
      methods: ['gradcam', 'scorecam', 'integrated-gradients'],
      runs: { steps: 10 },
      ...(targets !== undefined && { targets }),
    });
    expect(maps).toHaveLength(3);
    for (const { method, signed, score } of maps) {
      expect(relativeError(signed, tensor(`${network}/${kind}/${method}`).data), method).toBeLessThan(TOLERANCE);
      expect(score).toBeCloseTo(tensor(`${network}/${kind}/score`).data[0] as number, 5);
    }
    return { maps, assumptions: explainer.assumptions };
  }

  it('explains the probability of a class', async () => {
    const { maps } = await expectMaps('probability', { afterSoftmax: true }, column);
    expect(verdict(maps[0]!)).toMatch(/^class \d {2}probability \S+$/);
  });

  it('explains the similarity of features with those of another picture', async () => {
    const other = tensor(`${network}/other`).data;
    const plane = height * width;
    const pixels = Uint8Array.from(
      other,
      (_, at) => other[(at % channels) * plane + Math.floor(at / channels)] as number,
    );
    const similarTo = { width, height, channels: 3, data: pixels } as const;
    // The squeeze network has no dense layer: its scores are compared.
    const features = network === 'squeeze' ? { output: 'logits' } : {};
    const { maps, assumptions } = await expectMaps('similarity', { similarTo, ...features });
    expect(verdict(maps[0]!)).toMatch(/^score {2}cosine similarity \S+$/);
    expect(assumptions.map(({ about }) => about)).toContain('score');
  });
});

describe('Explainer.load(source, { afterSoftmax })', () => {
  const picture = { width: 8, height: 8, channels: 3, data: new Uint8Array(192).fill(200) } as const;
  const explained = async (model: ReturnType<typeof brightnessNetwork>, options: ExplainerOptions) => {
    await using explainer = await Explainer.load(model, { device: 'cpu', ...options });
    return explainer.explain([picture], { methods: ['gradcam'] });
  };

  test('gives the probability that is otherwise said beside the score', async () => {
    for (const weights of [[1, -1, 0.5], [2]]) {
      const model = brightnessNetwork({ height: 8, width: 8, weights });
      const [before] = await explained(model, {});
      const [after] = await explained(model, { afterSoftmax: true });
      expect(after?.score).toBeCloseTo(before?.probability ?? Number.NaN, 6);
      expect(after?.quantity).toBe('probability');
    }
  });

  test('refuses a picture to compare with at the same time', async () => {
    const model = brightnessNetwork({ height: 8, width: 8, weights: [1, -1] });
    await expect(explained(model, { afterSoftmax: true, similarTo: picture })).rejects.toThrow('afterSoftmax');
    await expect(explained(model, { labels: ['a', 'b', 'c'], similarTo: picture })).rejects.toThrow(
      'labels and similarTo cannot be combined',
    );
  });
});

describe('Explainer.load(source, { similarTo })', () => {
  test('compares features of very many numbers', () => {
    const b = new GraphBuilder();
    b.output(b.op('Flatten', [b.input('image', 'float32', ['batch', 1, 500, 500])], { axis: 1 }, 'features'));
    const head = { kind: 'classifier', logits: 'features', classes: 250_000 } as const;
    const { model } = scoredAs(modelOfGraph(b.graph), head, { concept: new Float32Array(250_000).fill(2) });
    expect(model.graph.initializers.get('concept')?.data[0]).toBeCloseTo(1 / 500, 8);
  });

  test('compares what a network for embeddings ends with', async () => {
    const b = new GraphBuilder();
    const kernel = b.initializer('kernel', float32Tensor([1, 0, 0, 0, 1, 0], [2, 3, 1, 1]));
    const features = b.op('Conv', [b.input('image', 'float32', [1, 3, 4, 4]), kernel], {}, 'features');
    const pooled = b.op('Flatten', [b.op('GlobalAveragePool', [features])], { axis: 1 });
    b.output(b.div(pooled, b.op('ReduceL2', [pooled], { axes: [1], keepdims: 1 })), 'embedding');
    const picture = (red: number) => {
      const data = Uint8Array.from({ length: 48 }, (_, at) => [red, 255, 0][at % 3] as number);
      return { width: 4, height: 4, channels: 3, data } as const;
    };
    const preparation = { normalization: { mean: [0, 0, 0], std: [1, 1, 1] }, resize: 'crop' } as const;
    const options = { device: 'cpu', similarTo: picture(0), preparation } as const;
    await using explainer = await Explainer.load(modelOfGraph(b.graph), options);
    const [map] = await explainer.explain([picture(255)], { methods: ['gradcam'] });
    expect(map?.score).toBeCloseTo(Math.SQRT1_2, 6);
    expect(map?.quantity).toBe('cosine similarity');
  });
});
