/** @file DeepLIFT and conductance against PyTorch (fixtures/golden/methods_rules.py). */
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError, type MethodsInfo } from '../../../fixtures/golden.js';
import { Explainer } from '../../maps/explain.js';
import { explainsLayer, methodNames } from '../table.js';

/** Of the largest value of a map; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;

describe.each(['discriminator-dense', 'plain-cnn', 'squeeze', 'residual'])('explainInput of %s', (network) => {
  const { info, tensor, names } = golden<MethodsInfo>(`rules-${network}`);

  it('gives the maps of PyTorch, which add up to the difference of the scores', async () => {
    const { seed, samples, noise, steps, mean, std, convs, column } = info;
    const preparation = { normalization: { mean: [mean, mean, mean], std: [std, std, std] }, resize: 'crop' } as const;
    await using explainer = await Explainer.load(goldenPath(`${network}.onnx`), { device: 'cpu', preparation });
    const chosen = methodNames.filter((name) => names.some((key) => key.endsWith(`/${name}`)));
    const maps = await explainer.explainInput(tensor('input').data, {
      methods: chosen,
      layers: convs,
      targets: explainer.head.kind === 'discriminator' ? 'fake' : column,
      runs: { seed, samples, noise, steps },
    });
    expect(maps).toHaveLength(2 * (names.length - 1));
    for (const { method, layer, picture, signed, completeness } of maps) {
      const key = `${explainsLayer(method) ? `conv${layer.index}` : 'input'}/${method}`;
      const { data } = tensor(key);
      const own = data.subarray(picture * signed.length, (picture + 1) * signed.length);
      expect(relativeError(signed, own), `${key}, picture ${picture}`).toBeLessThan(TOLERANCE);
      if (!method.startsWith('deeplift')) continue;
      const { sum = 0, difference = 1 } = completeness ?? {};
      expect(Math.abs(sum - difference) / Math.abs(difference), key).toBeLessThan(1e-4);
    }
  });
});

describe.each([
  'mobilenet-v3-dynamo',
  'efficientnet-torchscript',
  'swin-dynamo',
  'convnext-torchscript',
  'patch-gan-dynamo',
  'reader-dynamo',
])('DeepLIFT of %s', (network) => {
  it('adds up through gates, attention, normalization and recurrent layers', async () => {
    await using explainer = await Explainer.load(goldenPath(`${network}.onnx`), { device: 'cpu' });
    const { channels, height, width } = explainer.input.picture;
    const input = Float32Array.from({ length: channels * height * width }, (_, i) => Math.sin(1.7 * i * i));
    const [map] = await explainer.explainInput(input, { methods: ['deeplift'], runs: { baselines: ['blur', 'mean'] } });
    const { sum = 0, difference = 1 } = map?.completeness ?? {};
    expect(Math.abs(sum - difference) / Math.abs(difference)).toBeLessThan(2e-3);
  });
});

it('refuses what it has no rule for, by name', async () => {
  await using explainer = await Explainer.load(goldenPath('vgg-qdq.onnx'), { device: 'cpu' });
  const { channels, height, width } = explainer.input.picture;
  await expect(
    explainer.explainInput(new Float32Array(channels * height * width).fill(1), { methods: ['deeplift'] }),
  ).rejects.toThrow(/DequantizeLinear "\/15\/Relu_output_0_DequantizeLinear": DeepLIFT has no rule for it/);
  expect(explainer.methods()).toContain('gradcam');
  expect(explainer.methods()).not.toContain('deeplift');
});
