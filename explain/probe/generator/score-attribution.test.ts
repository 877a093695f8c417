import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError } from '../../../fixtures/golden.js';
import { scoreAttribution } from './score-attribution.js';

const path = goldenPath('generator.onnx');
const { tensor } = golden('probe-score');
const latent = tensor('latent').data;
/** Discriminators that take the generator's own numbers, −1…1. */
const judging = { preparation: { normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } } };

describe('scoreAttribution(generator, discriminator, options)', () => {
  it.each(['conv', 'dense'])('agrees with D∘G in PyTorch in float64: %s', async (name) => {
    const options = { latent, judging, device: 'cpu', layer: '0' } as const;
    const found = await scoreAttribution(path, goldenPath(`discriminator-${name}.onnx`), options);
    expect([found.label, found.features?.layer.sizes]).toEqual(['score', [12, 4, 4]]);
    expect(found.score).toBeCloseTo(tensor(`${name}/logit`).data[0] ?? Number.NaN, 4);
    expect(relativeError(found.latentEffects, tensor(`${name}/effects`).data)).toBeLessThan(1e-4);
    expect(relativeError(found.features?.maps ?? [], tensor(`${name}/features`).data)).toBeLessThan(1e-4);
  });

  it('moves along the gradient: for a small move the score changes by the slope', async () => {
    const options = { latent: 5, judging, device: 'cpu', distance: 1e-2, target: 'fake' } as const;
    const { score, slope, moved, picture } = await scoreAttribution(
      path,
      goldenPath('discriminator-dense.onnx'),
      options,
    );
    expect(moved.map(({ move }) => move)).toEqual([-1e-2, -5e-3, 0, 5e-3, 1e-2]);
    expect([moved[2]?.score, moved[2]?.picture]).toEqual([score, picture]);
    const change = ((moved[4]?.score ?? 0) - (moved[0]?.score ?? 0)) / 2e-2;
    expect(Math.abs(change / slope - 1)).toBeLessThan(1e-2);
  });

  it('refuses a generator as judge, several targets and an unknown layer', async () => {
    const judge = goldenPath('discriminator-conv.onnx');
    const made = (options: object, by = judge) => scoreAttribution(path, by, { latent: 1, device: 'cpu', ...options });
    const generator = fileURLToPath(new URL('../../../../fixtures/tiny/generator.onnx', import.meta.url));
    await expect(made({}, generator)).rejects.toThrow(/generator\.onnx: expected a discriminator .*; got a generator/);
    await expect(made({ target: { several: ['real', 'fake'] } })).rejects.toThrow('target: expected one target; got 2');
    await expect(made({ layer: 'conv9' })).rejects.toThrow(/layer: expected a layer of the generator \(0 /);
  });
});
