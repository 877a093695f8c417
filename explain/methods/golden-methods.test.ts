/** @file Every method of the table against reference implementations in PyTorch, through the public call. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { golden, goldenPath, relativeError, type MethodsInfo } from '../../fixtures/golden.js';
import { Explainer, type ExplainOptions } from '../maps/explain.js';
import type { Explanation } from '../maps/explanation.js';
import type { Box } from '../targets/targets.js';
import { explainsLayer, methodNames } from './table.js';

/** Of the largest value of a map; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;

describe.each(['discriminator-dense', 'plain-cnn', 'squeeze', 'residual'])('explainInput of %s', (network) => {
  const { info, tensor, names } = golden<MethodsInfo>(`methods-${network}`);
  const { seed, samples, noise, steps, mean, std } = info;

  async function explained(options: ExplainOptions): Promise<{ head: Explainer['head']; maps: Explanation[] }> {
    const preparation = { normalization: { mean: [mean, mean, mean], std: [std, std, std] }, resize: 'crop' } as const;
    const explainer = await Explainer.load(goldenPath(`${network}.onnx`), { device: 'cpu', preparation });
    const targets = explainer.head.kind === 'discriminator' ? 'fake' : info.column;
    const maps = await explainer.explainInput(tensor('input').data, {
      layers: info.convs,
      targets,
      runs: { seed, samples, noise, steps },
      ...options,
    });
    await explainer.dispose();
    return { head: explainer.head, maps };
  }

  /** Compares one picture's map with its row of a golden tensor. */
  function expectRow(key: string, picture: number, map: Float32Array): void {
    const { data, shape } = tensor(key);
    const size = data.length / (shape[0] ?? 1);
    const gap = relativeError(map, data.subarray(picture * size, (picture + 1) * size));
    expect(gap, `${key}, picture ${picture}`).toBeLessThan(TOLERANCE);
  }

  it('gives the maps of PyTorch by every method', async () => {
    const stored = names.filter((name) => name.startsWith('input/') || name.startsWith('conv'));
    // Those that take minutes for large networks too, which are not among `all`; other files hold further methods.
    const chosen = methodNames.filter((name) => stored.some((key) => key.endsWith(`/${name}`)));
    const { maps } = await explained({ methods: chosen });
    const place = ({ layer, method }: Explanation) => (explainsLayer(method) ? `conv${layer.index}` : 'input');
    for (const map of maps) expectRow(`${place(map)}/${map.method}`, map.picture, map.signed);
    const layers = chosen.filter(explainsLayer).length;
    expect(maps).toHaveLength(2 * (layers * info.convs.length + chosen.length - layers));
    expect(stored.length - info.convs.length).toBe(maps.length / 2);
  });

  it('gives first principal components of Grad-CAM', async () => {
    const { maps } = await explained({ methods: ['gradcam'], eigen: true });
    for (const { layer, picture, signed } of maps) expectRow(`conv${layer.index}/eigen gradcam`, picture, signed);
    const methods = ['scorecam', 'ablationcam', 'smooth-gradcam++', 'random'] as const;
    for (const { method, signed } of (await explained({ methods, eigen: true })).maps) {
      // A component of centred positions is centred too.
      const sum = signed.reduce((total, value) => total + value, 0);
      const size = signed.reduce((total, value) => total + Math.abs(value), 0);
      expect(Math.abs(sum) / size, method).toBeLessThan(1e-4);
    }
  });

  it('integrates from several baselines, and says how complete the map is', async () => {
    const methods = ['integrated-gradients'] as const;
    const runs = { steps, baselines: ['mean', 'blur'] } as const;
    const { maps } = await explained({ methods, runs });
    for (const { picture, signed, completeness } of maps) {
      expectRow('shown/baselines', picture, signed);
      expect(completeness?.sum).toBeCloseTo(
        signed.reduce((a, b) => a + b, 0),
        4,
      );
    }
    const fine = (await explained({ methods, runs: { ...runs, steps: 400 } })).maps;
    for (const { completeness: { sum, difference } = { sum: 0, difference: 1 } } of fine)
      expect(Math.abs(sum - difference) / Math.max(Math.abs(difference), 1e-3)).toBeLessThan(0.1);
  });

  it('combines views and layers as pytorch-grad-cam', async () => {
    const { convs } = info;
    const augmented = await explained({ methods: ['gradcam'], layers: convs.at(-1)!, augment: true });
    for (const { picture, normalized } of augmented.maps) expectRow('shown/augmented', picture, normalized);
    const averaged = await explained({ methods: ['gradcam'], layers: convs.join('+') });
    expect(averaged.maps.map(({ picture }) => picture)).toEqual([0, 1]);
    for (const { picture, normalized, layer } of averaged.maps) {
      expectRow('shown/averaged', picture, normalized);
      expect(layer.name).toMatch(/^.+\+.+$/);
    }
  });
});

test('every method has golden values in some file', () => {
  const files = readdirSync(goldenPath('.')).filter((name) => name.endsWith('.json'));
  const keys = files.flatMap((name) => {
    const { tensors = {} } = JSON.parse(readFileSync(goldenPath(name), 'utf8')) as { tensors?: object };
    return Object.keys(tensors);
  });
  const stored = new Set(keys.map((key) => key.split('/').at(-1)));
  expect(methodNames.filter((name) => !stored.has(name))).toEqual([]);
});

describe('explainInput of a dense output', () => {
  it('gives the Grad-CAM of PyTorch for a class in a box', async () => {
    const { info, tensor } = golden<{ box: Box; channel: number }>('methods-region');
    const explainer = await Explainer.load(goldenPath('residual.onnx'), { device: 'cpu', output: 'conv2d_4' });
    expect(explainer.head).toMatchObject({ kind: 'dense', classes: 10, grid: { height: 3, width: 3 } });
    const targets = { class: info.channel, region: info.box };
    const options = { methods: ['gradcam'], layers: 'conv2d_2', targets } as const;
    const maps = await explainer.explainInput(tensor('input').data, options);
    await explainer.dispose();
    const { data } = tensor('conv2/gradcam');
    maps.forEach(({ signed, label }, at) => {
      expect(relativeError(signed, data.subarray(at * signed.length, (at + 1) * signed.length))).toBeLessThan(
        TOLERANCE,
      );
      expect(label).toBe('class 3 in 4, 0, 24, 12');
    });
  });
});

describe.each(['dynamo', 'torchscript'])(
  'explainInput at a layer of tokens, as the %s exporter writes it',
  (exporter) => {
    it('gives the maps of PyTorch on the grid', async () => {
      const { tensor } = golden('methods-tokens');
      const { values } = golden<{ values: Record<string, Record<string, string>> }>('vit').info;
      const explainer = await Explainer.load(goldenPath(`vit-${exporter}.onnx`), { device: 'cpu' });
      const layers = values[exporter]!['encoders.0']!;
      const listed = explainer.layers().map(({ op, index, tokens }) => [op, index, tokens?.height]);
      expect(listed).toEqual([
        ['Conv', 0, undefined],
        ...Array.from({ length: 5 }, () => ['LayerNormalization', undefined, 4]),
      ]);
      const methods = ['gradcam', 'ablationcam'] as const;
      const maps = await explainer.explainInput(tensor('input').data, { methods, layers, targets: [0, 1] });
      await explainer.dispose();
      for (const { method, picture, signed, rawHeight, layer } of maps) {
        expect([rawHeight, layer.tokens]).toEqual([4, { leading: 1, height: 4, width: 4 }]);
        const { data } = tensor(`encoders.0/${method}`);
        const gap = relativeError(signed, data.subarray(picture * 16, (picture + 1) * 16));
        expect(gap, `${method}, picture ${picture}`).toBeLessThan(TOLERANCE);
      }
    });
  },
);
