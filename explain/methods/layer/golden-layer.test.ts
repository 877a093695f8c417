/** @file Layer attributions against PyTorch (fixtures/golden/methods_layer.py). */
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError, type MethodsInfo } from '../../../fixtures/golden.js';
import { Explainer } from '../../maps/explain.js';

/** Of the largest value of a map; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;
const methods = ['layer-integrated-gradients', 'internal-influence', 'layer-deeplift'] as const;
/** Layers that a shortcut or a parallel branch bypasses. */
const bypassed: Readonly<Record<string, readonly number[]>> = { squeeze: [2], residual: [2, 4] };

describe.each(['discriminator-dense', 'plain-cnn', 'squeeze', 'residual'])('explainInput of %s', (network) => {
  const { info, tensor, names } = golden<MethodsInfo>(`layers-${network}`);
  const { seed, samples, noise, steps, mean, std, convs, column } = info;
  const preparation = { normalization: { mean: [mean, mean, mean], std: [std, std, std] }, resize: 'crop' } as const;

  it('gives the maps of PyTorch; they add up to the difference of the scores where nothing bypasses the layer', async () => {
    await using explainer = await Explainer.load(goldenPath(`${network}.onnx`), { device: 'cpu', preparation });
    const explained = (given: number) =>
      explainer.explainInput(tensor('input').data, {
        methods,
        layers: convs,
        targets: explainer.head.kind === 'discriminator' ? 'fake' : column,
        runs: { seed, samples, noise, steps: given },
      });
    const maps = await explained(steps);
    expect(maps).toHaveLength(2 * (names.length - 2));
    for (const { method, layer, picture, signed } of maps) {
      const key = `conv${layer.index}/${method}`;
      const own = tensor(key).data.subarray(picture * signed.length, (picture + 1) * signed.length);
      expect(relativeError(signed, own), `${key}, picture ${picture}`).toBeLessThan(TOLERANCE);
    }
    for (const { method, layer, picture, completeness } of await explained(300)) {
      const isComplete = method !== 'internal-influence' && !bypassed[network]?.includes(layer.index ?? -1);
      expect(completeness !== undefined, `${method} at ${layer.name}`).toBe(isComplete);
      if (!completeness) continue;
      const difference = tensor('difference').data[picture] ?? Number.NaN;
      expect(Math.abs(completeness.difference / difference - 1)).toBeLessThan(1e-4);
      const most = method === 'layer-deeplift' ? 1e-4 : 2e-2;
      expect(Math.abs(completeness.sum / difference - 1), `${method} at ${layer.name}`).toBeLessThan(most);
    }
  });
});

it('knows that sizes which go on beside a layer are no part of the score', async () => {
  await using explainer = await Explainer.load(goldenPath('residual.onnx'), { device: 'cpu' });
  const input = golden('layers-residual').tensor('input').data;
  const [map] = await explainer.explainInput(input, { methods: ['layer-deeplift'], targets: 2 });
  const { sum = 0, difference = 1 } = map?.completeness ?? {};
  expect(Math.abs(sum / difference - 1)).toBeLessThan(1e-4);
});
