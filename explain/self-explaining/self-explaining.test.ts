/** @file Self-explaining models run by plain onnxruntime-node and onnxruntime-web, with none of our code. */
import { normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { goldenPath } from '../../fixtures/golden.js';
import { Random } from '../../inference/numeric/random.js';
import { loadModel, modelBytes, type Model } from '../../onnx/index.js';
import { Explainer, type ExplainOptions } from '../maps/explain.js';
import { brightnessNetwork } from '../networks.test.helper.js';
import { bilinearResized } from '../../inference/numeric/bilinear.js';
import { selfExplainingPath } from './self-explaining.node.js';
import { selfExplainingModel, type SelfExplainingOptions } from './self-explaining.js';

/** Of heatmaps in 0…1; nothing but the order of float32 sums differs. */
const TOLERANCE = 1e-5;

const tiny = await loadModel(fileURLToPath(new URL('../../../fixtures/tiny/discriminator.onnx', import.meta.url)));
const plainCnn = await loadModel(goldenPath('plain-cnn.onnx'));
const residual = await loadModel(goldenPath('residual.onnx'));

const random = new Random(5);
/** Within the range of pictures, −1…1. */
const noise = (count: number) => Float32Array.from({ length: count }, () => Math.tanh(0.5 * random.normal()));

/** The model's outputs for prepared pictures, from a runtime's public interface alone. */
async function outputs(
  runtime: typeof node | typeof web,
  bytes: Uint8Array,
  pictures: Float32Array,
  dims: readonly number[],
  target?: readonly number[],
): Promise<{ names: readonly string[]; heatmap: Float32Array; dims: readonly number[]; logits: Float32Array }> {
  const session = await runtime.InferenceSession.create(bytes);
  const [image = '', second] = session.inputNames;
  const feeds: Record<string, node.Tensor> = { [image]: new runtime.Tensor('float32', pictures, dims) };
  if (target && second)
    feeds[second] = new runtime.Tensor('int64', BigInt64Array.from(target, BigInt), [target.length]);
  const results = await session.run(feeds);
  const [logits = '', heatmap = ''] = session.outputNames;
  const found = {
    names: [...session.inputNames, ...session.outputNames],
    heatmap: Float32Array.from(results[heatmap]?.data as Float32Array),
    dims: results[heatmap]?.dims ?? [],
    logits: Float32Array.from(results[logits]?.data as Float32Array),
  };
  await session.release();
  return found;
}

async function explained(model: Model, pictures: Float32Array, options: ExplainOptions): Promise<Float32Array[]> {
  const explainer = await Explainer.load(model, { device: 'cpu' });
  const maps = await explainer.explainInput(pictures, options);
  await explainer.dispose();
  return maps.map(({ normalized }) => normalized);
}

/** From 0 to 1. */
function scaled(map: Float32Array): Float32Array {
  const [least, largest] = [Math.min(...map), Math.max(...map)];
  return map.map((value) => (value - least) / (largest - least));
}

function largestGap(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}

/** The heatmaps as `Explainer` makes them, one picture after the other. */
async function expectSameMaps(
  source: Model,
  options: SelfExplainingOptions,
  size: readonly [number, number, number],
  targets: ExplainOptions['targets'],
  fed?: readonly number[],
  runtimes: readonly (typeof node | typeof web)[] = [node, web],
) {
  const dims = [3, ...size];
  const pictures = noise(dims.reduce((product, dim) => product * dim, 1));
  const { layers = 'auto', method = 'gradcam' } = options;
  const expected = await explained(source, pictures, {
    layers,
    methods: [method],
    ...(targets !== undefined && { targets }),
  });
  const bytes = modelBytes(selfExplainingModel(source, options).model);
  for (const runtime of runtimes) {
    const found = await outputs(runtime, bytes, pictures, dims, fed);
    expect(found.dims).toEqual([3, size[1], size[2]]);
    expect(Math.max(...found.heatmap), 'a map that shows something').toBeGreaterThan(0.9);
    expect(largestGap(found.heatmap, Float32Array.from(expected.flatMap((map) => [...map])))).toBeLessThan(TOLERANCE);
  }
}

describe('selfExplainingModel(source, options) in onnxruntime-node and onnxruntime-web', () => {
  test('gives the Grad-CAM of the discriminator as Explainer does', async () => {
    await expectSameMaps(tiny, {}, [3, 32, 32], 'fake');
  });

  test('gives the Grad-CAM++ of the discriminator, in onnxruntime-node', async () => {
    // Its α divides by nearly nothing at some positions of these maps: kernels that sum in another order, as in
    // onnxruntime-web, come out up to 1e-4 away. The classifier's below has no such positions.
    await expectSameMaps(tiny, { method: 'gradcam++' }, [3, 32, 32], 'fake', undefined, [node]);
  });

  test('takes real (1) or fake (0) for each picture where the target is an input', async () => {
    await expectSameMaps(tiny, { target: 'input', layers: 1 }, [3, 32, 32], ['real', 'fake', 'real'], [1, 0, 1]);
  });

  test('takes a class for each picture of a classifier, −1 for the top one', async () => {
    const pictures = noise(3 * 3 * 23 * 25);
    const bytes = modelBytes(selfExplainingModel(plainCnn, { layers: 'last-conv' }).model);
    const options = { layers: 'last-conv', methods: ['gradcam'] } as const;
    const [top] = await explained(plainCnn, pictures.subarray(0, pictures.length / 3), options);
    const [, second, third] = await explained(plainCnn, pictures, { ...options, targets: [0, 2, 4] });
    for (const runtime of [node, web]) {
      const { heatmap } = await outputs(runtime, bytes, pictures, [3, 3, 23, 25], [-1, 2, 4]);
      const all = [top, second, third].flatMap((map) => [...(map ?? [])]);
      expect(largestGap(heatmap, Float32Array.from(all))).toBeLessThan(TOLERANCE);
    }
  });

  test('explains a fixed class, or the top class, of a classifier with one input', async () => {
    await expectSameMaps(residual, { target: 3, method: 'gradcam++', layers: 1 }, [3, 24, 24], 3);
    await expectSameMaps(residual, { target: 'top' }, [3, 24, 24], undefined);
  });
});

describe('selfExplainingPath(source, folder)', () => {
  test.each([
    ['models/net.onnx', undefined, 'models/net-gradcam.onnx'],
    ['models/net.onnx', 'out', 'out/net-gradcam.onnx'],
    ['file:///models/a%20net.onnx', undefined, '/models/a net-gradcam.onnx'],
    ['https://example.com/a/net.onnx?download=true#x', undefined, 'net-gradcam.onnx'],
    ['http://127.0.0.1:8080/net.onnx?v=/2', 'out', 'out/net-gradcam.onnx'],
  ])('of %s and %s is %s', (source, folder, expected) => {
    expect(selfExplainingPath(source, folder)).toBe(normalize(expected));
  });
});

describe('selfExplainingModel(source, options)', () => {
  test('is made of ai.onnx operators of opset 17 alone', () => {
    for (const source of [tiny, plainCnn, residual]) {
      const { model } = selfExplainingModel(source, { target: 'input', layers: 'all-convs' });
      expect([...model.opsets]).toEqual([['', 17]]);
      expect(model.graph.nodes.filter(({ domain }) => domain !== '')).toEqual([]);
    }
  });

  test('names its inputs and outputs, and says in its metadata what it shows', async () => {
    const { model, ...names } = selfExplainingModel(tiny, { target: 'input' });
    expect(names).toMatchObject({ input: 'image', targetInput: 'target', logits: 'logit', heatmap: 'heatmap' });
    const found = await outputs(node, modelBytes(model), noise(3 * 32 * 32), [1, 3, 32, 32], [0]);
    expect(found.names).toEqual(['image', 'target', 'logit', 'heatmap']);
    expect(model.metadata.get('ganscope.heatmap.method')).toBe('gradcam');
    expect(model.metadata.get('ganscope.heatmap.target')).toBe('input');
    expect(model.metadata.get('ganscope.role')).toBe('discriminator');
  });

  test('can be explained again: its map is no score', async () => {
    const { model, logits } = selfExplainingModel(residual, { target: 'top' });
    const explainer = await Explainer.load(model, { device: 'cpu' });
    expect(explainer.head).toMatchObject({ logits, kind: 'classifier' });
    await explainer.dispose();
    const pictures = noise(3 * 24 * 24);
    const options = { layers: 'last-conv', methods: ['gradcam'], targets: 1 } as const;
    expect(await explained(model, pictures, options)).toEqual(await explained(residual, pictures, options));
  });

  test('averages the maps of several layers', async () => {
    const pictures = noise(3 * 32 * 32);
    const explainer = await Explainer.load(tiny, { device: 'cpu' });
    const maps = await explainer.explainInput(pictures, { layers: 'all-convs', methods: ['gradcam'] });
    await explainer.dispose();
    const whole = maps.map(({ raw, rawHeight, rawWidth }) => bilinearResized(scaled(raw), rawHeight, rawWidth, 32, 32));
    const mean = new Float32Array(32 * 32).map(
      (_, i) => whole.reduce((sum, map) => sum + (map[i] ?? 0), 0) / maps.length,
    );
    expect(maps.length).toBe(3);
    const { model } = selfExplainingModel(tiny, { layers: 'all-convs' });
    const { heatmap } = await outputs(node, modelBytes(model), pictures, [1, 3, 32, 32]);
    expect(largestGap(heatmap, scaled(mean))).toBeLessThan(TOLERANCE);
  });

  test('the runtime refuses a class that the network does not have, and other numbers than 0 and 1 of one score', async () => {
    const classes = modelBytes(selfExplainingModel(plainCnn).model);
    const score = modelBytes(selfExplainingModel(tiny, { target: 'input' }).model);
    for (const [bytes, picture, wrong] of [
      [classes, [1, 3, 23, 25], [5, -2, -6, -7]],
      [score, [1, 3, 32, 32], [2, -1, -2, -3]],
    ] as const) {
      const [, channels, height, width] = picture;
      const pixels = noise(channels * height * width);
      for (const target of wrong) {
        const run = outputs(node, bytes, pixels, picture, [target]);
        await expect(run, `${target}`).rejects.toThrow('out of data bounds');
      }
    }
  });

  test('a picture without evidence gets a map of zeros', async () => {
    const model = brightnessNetwork({ height: 8, width: 8, weights: [1] });
    const bytes = modelBytes(selfExplainingModel(model, { layers: 'features_conv', target: 'fake' }).model);
    const { heatmap } = await outputs(node, bytes, new Float32Array(3 * 64).fill(1), [1, 3, 8, 8]);
    expect([...new Set(heatmap)]).toEqual([0]);
  });

  test.each([
    [{ target: 'top' } as const, 'target: expected input, real or fake'],
    [{ method: 'eigencam' } as const, 'method: expected one of gradcam, gradcam++,'],
    [{ target: 7 } as const, 'target: expected real or fake'],
    [{ layers: 'nowhere' }, 'layer: expected last-conv'],
  ])('refuses %j', (options, message) => {
    expect(() => selfExplainingModel(tiny, options)).toThrow(message);
  });

  test('refuses a network that has a value of the name it needs', () => {
    const renamed = {
      ...tiny,
      graph: { ...tiny.graph, inputs: tiny.graph.inputs.map((input) => ({ ...input, name: 'heatmap' })) },
    };
    expect(() => selfExplainingModel(renamed)).toThrow('expected no value named "heatmap"');
  });
});
