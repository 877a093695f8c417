/** @file Schedules: learning rates that fall, the decay of the averaged generator, the count of updates. */
import { describe, expect, it } from 'vitest';
import { configWith } from '../../settings/presets.js';
import { discriminatorUpdates, emaDecay, isPenalised, kindsOfSteps, rateFactor } from './schedule.js';

const decaying = (lrDecay: 'none' | 'linear' | 'cosine', lrDecayStart = 0) =>
  configWith('space', { lrDecay, lrDecayStart });
const factors = (config: ReturnType<typeof decaying>, steps: number) =>
  Array.from({ length: steps }, (_, done) => Number(rateFactor(config, done, steps).toFixed(4)));

describe('rateFactor(config, done, steps)', () => {
  it('falls from 1 towards 0 over the run, on a line or half a cosine wave', () => {
    expect(factors(decaying('none'), 4)).toEqual([1, 1, 1, 1]);
    expect(factors(decaying('linear'), 4)).toEqual([1, 0.75, 0.5, 0.25]);
    expect(factors(decaying('cosine'), 4)).toEqual([1, 0.8536, 0.5, 0.1464]);
  });

  it('stays at 1 before the fraction of the run where the decay starts', () => {
    expect(factors(decaying('linear', 0.5), 8)).toEqual([1, 1, 1, 1, 1, 0.75, 0.5, 0.25]);
  });

  it('is 0 after the end', () => {
    expect(rateFactor(decaying('linear'), 9, 8)).toBe(0);
    expect(rateFactor(decaying('cosine'), 9, 8)).toBe(0);
  });
});

describe('emaDecay(config, step)', () => {
  it('rises as (1 + t)/(10 + t) to the configured decay, or is that decay from the start', () => {
    const config = configWith('space', { ema: 0.9 });
    expect([1, 8, 80, 81].map((step) => emaDecay(config, step))).toEqual([2 / 11, 9 / 18, 81 / 90, 0.9]);
    expect(emaDecay({ ...config, emaWarmup: false }, 1)).toBe(0.9);
  });
});

describe('isPenalised(config, step)', () => {
  const config = configWith('space', { r1: 10, r1Every: 3 });
  const penalised = (changed: typeof config) => [1, 2, 3, 4, 5, 6, 7].filter((step) => isPenalised(changed, step));

  it('is true in the first step and every k-th after it, whichever of R1 and R2 is on, and never without', () => {
    expect(penalised(config)).toEqual([1, 4, 7]);
    expect(penalised({ ...config, r1: 0, r2: 1 })).toEqual([1, 4, 7]);
    expect(penalised({ ...config, r1Every: 1 })).toHaveLength(7);
    expect(penalised({ ...config, r1: 0 })).toEqual([]);
  });

  it('has the values of kindsOfSteps(config)', () => {
    const kinds = [config, { ...config, r1Every: 1 }, { ...config, r1: 0 }].map(kindsOfSteps);
    expect(kinds).toEqual([[true, false], [true], [false]]);
  });
});

describe('discriminatorUpdates(config, step)', () => {
  it('counts all updates of the run from 1', () => {
    expect([1, 2].map((step) => discriminatorUpdates(configWith('space', { dSteps: 3 }), step))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });
});
