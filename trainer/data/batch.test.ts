/** @file A step's batch: a pure function of configuration and step, with pictures for every update of the discriminator. */
import { describe, expect, it } from 'vitest';
import { augmentationColumns, cutSize, drawnAugmentation, largestShift } from '../step/state/augmentation.js';
import { epochSteps, stepBatch } from './batch.js';
import { configWith } from '../settings/presets.js';
import { Random } from '../../inference/numeric/random.js';

const config = configWith('space', { imageSize: 16, batchSize: 2, latentDim: 3, channels: 1 });
/** Pictures whose numbers are all that of their batch. */
const pictures = { batchesPerEpoch: 7, batch: async (index: number) => new Float32Array(2 * 256).fill(index) };

describe('stepBatch(config, pictures, done, steps)', () => {
  it('gives the same for the same step and other numbers for another', async () => {
    const augmented = configWith('space', { ...config, diffaugment: ['color'] });
    const [first, again, next] = [
      await stepBatch(augmented, pictures, 4, 9),
      await stepBatch(augmented, pictures, 4, 9),
      await stepBatch(augmented, pictures, 5, 9),
    ];
    expect(again).toEqual(first);
    expect(next.latents).not.toEqual(first.latents);
    expect(next.generatorLatents).not.toEqual(first.generatorLatents);
    expect(next.augmentation?.fake).not.toEqual(first.augmentation?.fake);
    expect(first.augmentation?.real).not.toEqual(first.augmentation?.fake);
  });

  it('has pictures, latents and random numbers for each update of the discriminator', async () => {
    const several = configWith('space', { ...config, dSteps: 3, diffaugment: ['cutout'] });
    const { real, latents, generatorLatents, augmentation } = await stepBatch(several, pictures, 2, 9);
    expect([...new Set(real)]).toEqual([6, 7, 8]);
    expect([latents.length, generatorLatents.length]).toEqual([3 * 2 * 3, 2 * 3]);
    const { real: forReal, fake, again } = augmentation ?? {};
    expect([forReal, fake, again].map((numbers) => numbers?.length)).toEqual([6 * 7, 6 * 7, 2 * 7]);
    expect(epochSteps(several, pictures)).toBe(2);
  });

  it('has for wgan-gp a share for each picture, which the step alone decides', async () => {
    const penalised = configWith('space', { ...config, loss: 'wgan-gp', gp: 10, normD: 'none', dSteps: 2 });
    const [first, again, next] = [
      await stepBatch(penalised, pictures, 3, 9),
      await stepBatch(penalised, pictures, 3, 9),
      await stepBatch(penalised, pictures, 4, 9),
    ];
    expect(first.interpolation).toHaveLength(4);
    expect(first.interpolation?.every((share) => share >= 0 && share < 1)).toBe(true);
    expect(again.interpolation).toEqual(first.interpolation);
    expect(next.interpolation).not.toEqual(first.interpolation);
    const half = await stepBatch(penalised, pictures, 3, 9, { index: 1, count: 2 });
    expect([...(half.interpolation ?? [])]).toEqual([first.interpolation?.[1], first.interpolation?.[3]]);
  });

  it('has one-hot labels of its pictures, for each update of the discriminator', async () => {
    const labelledBatch = async (index: number) => ({
      pictures: await pictures.batch(index),
      classes: Uint16Array.of(index % 3, 2),
    });
    const classes = { conditional: true, classNames: ['a', 'b', 'c'], dSteps: 2 };
    const batch = await stepBatch(configWith('space', { ...config, ...classes }), { ...pictures, labelledBatch }, 2, 9);
    expect([...new Set(batch.real)]).toEqual([4, 5]);
    expect([...(batch.labels ?? [])]).toEqual([0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
  });

  it('draws no numbers for what is off, and gives the factor of the learning rates', async () => {
    const batch = await stepBatch(configWith('space', { ...config, lrDecay: 'linear' }), pictures, 6, 8);
    expect(batch.augmentation).toBeUndefined();
    expect(batch.interpolation).toBeUndefined();
    expect(batch.rateFactor).toBe(0.25);
  });
});

describe('drawnAugmentation(random, count, imageSize)', () => {
  it('covers the ranges of the published code and nothing else', () => {
    const [size, count] = [12, 4000];
    expect([largestShift(size), cutSize(size)]).toEqual([2, 6]);
    const numbers = drawnAugmentation(new Random(1), count, size);
    const column = (index: number) => Array.from({ length: count }, (_, row) => numbers[row * 7 + index] as number);
    const ranges = augmentationColumns.map((_, index) => [Math.min(...column(index)), Math.max(...column(index))]);
    const expected = [
      [-0.5, 0.5],
      [0, 2],
      [0.5, 1.5],
    ];
    expected.forEach(([low, high], index) => {
      const [least, most] = ranges[index] as [number, number];
      expect(least).toBeGreaterThanOrEqual(low as number);
      expect(most).toBeLessThanOrEqual(high as number);
      expect(most - least).toBeGreaterThan(0.99 * ((high as number) - (low as number)));
    });
    expect(ranges.slice(3)).toEqual([
      [-2, 2],
      [-2, 2],
      [0, 12],
      [0, 12],
    ]);
    for (const index of [3, 4, 5, 6]) expect(column(index).every(Number.isInteger)).toBe(true);
  });
});
