/** @file Latents from seeds. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { MAX_SEEDS, normalLatents, seedsFrom, seedsWithin } from './latents.js';
import { seedRanges } from '../parse/seeds.js';

describe('normalLatents(seeds, latentDim)', () => {
  it('gives known values', () => {
    const expected = [-0.15864019, 1.98884714, 0.72456688, 0.19851157, -0.90314549, 0.08037858, -2.0718021, 0.16640127];
    const latents = normalLatents([0, 1], 4);
    expect(latents).toHaveLength(8);
    expected.forEach((value, i) => expect(latents[i]).toBeCloseTo(value, 6));
  });

  it('gives a seed the same latent in every batch', () => {
    const alone = normalLatents([17], 100);
    expect(normalLatents([3, 17, 5], 100).slice(100, 200)).toEqual(alone);
    expect(normalLatents([17, 17], 100).slice(100)).toEqual(alone);
    expect(normalLatents([17], 7)).toEqual(alone.slice(0, 7));
  });

  it('gives different, normal latents for different seeds', () => {
    const latents = normalLatents(seedsFrom(0, 1000), 100);
    const mean = latents.reduce((sum, x) => sum + x, 0) / latents.length;
    const variance = latents.reduce((sum, x) => sum + x * x, 0) / latents.length;
    expect(Math.abs(mean)).toBeLessThan(0.013); // 4 standard errors
    expect(Math.abs(variance - 1)).toBeLessThan(0.018);
    expect(new Set(latents).size).toBeGreaterThan(99_000);
  });

  it('truncates to the truncated normal distribution, and leaves what lies within', () => {
    const seeds = seedsFrom(0, 200);
    const [whole, truncated] = [normalLatents(seeds, 100), normalLatents(seeds, 100, 1)];
    let variance = 0;
    truncated.forEach((value, i) => {
      expect(Math.abs(value)).toBeLessThanOrEqual(1);
      if (Math.abs(whole[i] as number) <= 1) expect(value).toBe(whole[i]);
      variance += value ** 2 / truncated.length;
    });
    // 1 − 2φ(1)/(2Φ(1) − 1), give or take 4 standard errors.
    expect(Math.abs(variance - 0.291125)).toBeLessThan(0.008);
    expect(normalLatents([3, 17], 100, 0.5).slice(100)).toEqual(normalLatents([17], 100, 0.5));
    for (const truncation of [0, -1, 0.001, Number.NaN]) {
      expect(() => normalLatents([0], 4, truncation)).toThrow(/^truncation: expected a number of at least 0.01/);
    }
  });

  it('refuses impossible sizes and seeds', () => {
    for (const latentDim of [0, -1, 1.5, 1e9]) expect(() => normalLatents([0], latentDim)).toThrow(InputError);
    expect(() => normalLatents([3, -1], 4)).toThrow(/^seeds: expected integers of 0…2\^53 − 1; got -1$/);
    expect(normalLatents([], 4)).toHaveLength(0);
  });
});

describe('seedsWithin(ranges, start, count)', () => {
  it('gives a stretch of the list, across its ranges, without the rest', () => {
    const ranges = seedRanges('5-7,1,900000000-999999999,2');
    expect(seedsWithin(ranges, 0, 5)).toEqual([5, 6, 7, 1, 900_000_000]);
    expect(seedsWithin(ranges, 2, 3)).toEqual([7, 1, 900_000_000]);
    expect(seedsWithin(ranges, 100_000_003, 9)).toEqual([999_999_999, 2]);
    expect(seedsWithin(ranges, 100_000_005, 9)).toEqual([]);
  });
});

describe('seedsFrom(first, count)', () => {
  it('counts on from the first', () => {
    expect(seedsFrom(41, 3)).toEqual([41, 42, 43]);
  });

  it('refuses what is out of range', () => {
    expect(() => seedsFrom(0, 0)).toThrow(/^count/);
    expect(() => seedsFrom(0, MAX_SEEDS + 1)).toThrow(/^count/);
    expect(() => seedsFrom(-1, 1)).toThrow(/^seed:/);
    expect(() => seedsFrom(Number.MAX_SAFE_INTEGER, 2)).toThrow(/^seed:/);
  });
});
