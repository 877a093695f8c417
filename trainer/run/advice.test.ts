import { describe, expect, it } from 'vitest';
import { presets } from '../settings/presets.js';
import { configWith } from '../settings/presets.js';
import { longRunAdvice, residualAdvice, smallSetAdvice } from './advice.js';

describe('smallSetAdvice(config, pictures)', () => {
  it('names diffaugment for few pictures, unless it is on', () => {
    expect(smallSetAdvice(presets.space, 700)).toEqual([expect.stringMatching(/^700 pictures are few: `diffaugment`/)]);
    expect(smallSetAdvice(presets.space, 1)).toEqual([expect.stringMatching(/^1 picture is little: `diffaugment`/)]);
    expect(smallSetAdvice(presets.space, 20_000)).toEqual([]);
    expect(smallSetAdvice({ ...presets.space, diffaugment: ['color'] }, 700)).toEqual([]);
  });
});

describe('residualAdvice(config)', () => {
  const residual = { arch: 'resnet', imageSize: 32 } as const;

  it('names spectral norm for a residual discriminator that nothing limits', () => {
    expect(residualAdvice(configWith('space', residual))).toEqual([
      expect.stringMatching(
        /`spectralNorm` with `loss` hinge, `beta1` 0, `beta2` 0\.9 and `dSteps` 5, as in its paper/,
      ),
    ]);
    expect(residualAdvice(configWith('space', { ...residual, spectralNorm: true }))).toEqual([]);
    expect(residualAdvice(configWith('space', { ...residual, r1: 1 }))).toEqual([]);
    expect(residualAdvice(presets.space)).toEqual([]);
  });
});

describe('longRunAdvice(config, pace)', () => {
  const advice = (left: number) =>
    longRunAdvice(presets.space, { done: 6, left, secondsPerStep: 0.5 }, (seconds) => `${seconds} s`);

  it('says how long a run takes and how many steps take an hour', () => {
    expect(advice(40_000)).toMatch(
      /^This run takes about 20000 s \(40,000 steps of 0\.50 s\)\..* `steps` 7206 takes an hour/,
    );
  });

  it('says nothing of a run that takes less than an hour', () => {
    expect(advice(7199)).toBeUndefined();
  });
});
