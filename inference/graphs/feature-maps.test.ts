import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Explainer } from '../../explain/index.js';
import { Discriminator } from '../networks/discriminator.js';
import { Generator } from '../networks/generator.js';
import { normalLatents } from '../latent/latents.js';

const tiny = (role: string) => fileURLToPath(new URL(`../../../fixtures/tiny/${role}.onnx`, import.meta.url));

describe('Generator.look(latent, whole)', () => {
  it('returns the picture of the latent, and the first channels of each layer, or all of one', async () => {
    await using generator = await Generator.load(tiny('generator'), { device: 'cpu', channelsShown: 4 });
    const latent = normalLatents([7], generator.latentDim);
    const [picture] = await generator.sample([7]);
    const { picture: looked, maps } = await generator.look(latent);
    expect(looked).toEqual(picture);
    expect(maps.map(({ layer, count }) => [layer.channels, layer.height, count])).toEqual([
      [64, 4, 4],
      [32, 8, 4],
      [16, 16, 4],
    ]);
    // What a rectifier gives.
    expect(maps.every(({ data }) => Math.min(...data) === 0 && Math.max(...data) > 0)).toBe(true);
    const { value } = generator.layers[1]!;
    const whole = (await generator.look(latent, value)).maps[1]!;
    expect(whole.count).toBe(32);
    expect(whole.data.subarray(0, 4 * 64)).toEqual(maps[1]!.data);
  });

  it('has no layers where they were not asked for, and refuses latents of another size', async () => {
    await using generator = await Generator.load(tiny('generator'), { device: 'cpu' });
    expect((await generator.look(normalLatents([7], 128))).maps).toEqual([]);
    await expect(generator.look(new Float32Array(3))).rejects.toThrow(/^latent: expected 128 numbers; got 3$/);
  });
});

describe('Explainer.look(picture, layers, shown, whole)', () => {
  it('returns the score of the picture, and channels of the layers', async () => {
    await using generator = await Generator.load(tiny('generator'), { device: 'cpu' });
    await using explainer = await Explainer.load(tiny('discriminator'), { device: 'cpu' });
    await using discriminator = await Discriminator.load(tiny('discriminator'), { device: 'cpu' });
    const [picture] = await generator.sample([7]);
    const [score] = await discriminator.score([picture!]);
    const layers = explainer.layers().filter(({ op }) => op === 'LeakyRelu');
    const { classes, maps } = await explainer.look(picture!, layers, 4, layers[1]!.value);
    expect(classes).toHaveLength(1);
    expect(classes[0]!.score).toBeCloseTo(score!.logit, 4);
    expect(classes[0]!.probability).toBeCloseTo(score!.probability, 5);
    expect(maps.map(({ channels, height }) => [channels, height])).toEqual([
      [4, 16],
      [32, 8],
      [4, 4],
    ]);
    expect(maps.every(({ data }) => data.some((value) => value !== 0))).toBe(true);
  });

  it('returns the five largest classes of a classifier, with their names', async () => {
    const file = fileURLToPath(new URL('../../../fixtures/golden/resnet-dynamo.onnx', import.meta.url));
    const labels = ['cat', 'dog', 'bird', 'fish', 'horse'];
    await using explainer = await Explainer.load(file, { device: 'cpu', labels });
    const picture = { width: 24, height: 24, channels: 3 as const, data: new Uint8Array(24 * 24 * 3).fill(90) };
    const { classes } = await explainer.look(picture, [], 1);
    expect(classes.map(({ score }) => score)).toEqual(classes.map(({ score }) => score).toSorted((a, b) => b - a));
    expect(classes.map(({ label }) => label).toSorted()).toEqual(labels.map((name, at) => `class ${at} (${name})`));
  });
});
