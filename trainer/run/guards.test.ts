/** @file Guards tell a failed run from a healthy one, once. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../inference/numeric/random.js';
import { CollapseWatch, nonFiniteTensor, PATIENCE, spreadOf } from './guards.js';
import { configWith } from '../settings/presets.js';
import { initialState } from '../step/tfjs/state.js';

const config = configWith('space', { imageSize: 16, ngf: 4, ndf: 4, latentDim: 8, ema: 0.9, spectralNorm: true });
const row = (step: number, dReal: number, dFakeBefore: number, lossD = 1) => ({
  step,
  dReal,
  dFakeBefore,
  dFakeAfter: dFakeBefore,
  lossD,
  lossG: 1,
});

describe('nonFiniteTensor(state)', () => {
  it('finds nothing in a fresh state, and a single NaN or infinity in any part of it', () => {
    const state = initialState(config);
    expect(nonFiniteTensor(state)).toBeUndefined();
    state.generator.ema?.get('g_stage2_norm/gamma')?.data.fill(Number.NaN, 1, 2);
    expect(nonFiniteTensor(state)).toBe('g_stage2_norm/gamma');
    const other = initialState(config);
    other.discriminator.spectral?.get('d_stage1_conv/kernel_u')?.data.fill(-Infinity, 0, 1);
    expect(nonFiniteTensor(other)).toBe('d_stage1_conv/kernel_u');
  });
});

describe('CollapseWatch', () => {
  it('warns once of scores that stay at 0 and 1 for a long time', () => {
    const watch = new CollapseWatch(config);
    const warnings: string[] = [];
    for (let step = 1; step <= 3 * PATIENCE; step++) {
      const warning = watch.afterStep(row(step, 0.995, 0.004));
      if (warning) warnings.push(warning);
    }
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^step 500: the discriminator has separated .* for 500 steps \(D\(x\) 0\.995, D\(G\(z\)\) 0\.004\)/,
    );
    expect(warnings[0]).toContain('Try a lower `lrD`');
  });

  it('is silent where scores come back now and then, or only one of them is pinned', () => {
    const [back, one] = [new CollapseWatch(config), new CollapseWatch(config)];
    for (let step = 1; step <= 4 * PATIENCE; step++) {
      expect(back.afterStep(row(step, step % (PATIENCE - 1) === 0 ? 0.9 : 1, 0))).toBeUndefined();
      expect(one.afterStep(row(step, 0.5, 0))).toBeUndefined();
    }
  });

  it('goes by the loss where least squares pull the logits to 0 and 1', () => {
    const watch = new CollapseWatch({ ...config, loss: 'lsgan' });
    const warnings = Array.from({ length: PATIENCE }, (_, index) => watch.afterStep(row(index + 1, 0.73, 0.5, 0.001)));
    expect(warnings.filter(Boolean)).toHaveLength(1);
  });

  it('goes by the loss where the hinge leaves logits beyond 1 alone, and names nothing that it refuses', () => {
    const separated = (lossD: number) => {
      const watch = new CollapseWatch({ ...config, loss: 'hinge' });
      return Array.from({ length: PATIENCE }, (_, index) => watch.afterStep(row(index + 1, 0.8, 0.2, lossD))).filter(
        Boolean,
      );
    };
    expect(separated(0)).toEqual([expect.not.stringContaining('labelSmoothing')]);
    expect(separated(0.1)).toEqual([]);
  });

  it.each([
    ['rahinge', 0.001, 1],
    ['rahinge', 1, 0],
    ['wgan', -900, 0],
    ['wgan-gp', -9, 0],
  ] as const)('does not take scores of %s for probabilities (loss %d: %d warnings)', (loss, lossD, count) => {
    const watch = new CollapseWatch({ ...config, loss });
    const warnings = Array.from({ length: PATIENCE }, (_, index) => watch.afterStep(row(index + 1, 1, 0, lossD)));
    expect(warnings.filter(Boolean)).toHaveLength(count);
  });

  it('warns once of generated pictures that are all alike beside real ones', () => {
    const [real, alike] = [pictures(60), pictures(3)];
    expect(spreadOf(real)).toBeCloseTo(60, -1);
    const watch = new CollapseWatch(config);
    expect(watch.afterSamples(PATIENCE - 1, alike, real)).toBeUndefined();
    expect(watch.afterSamples(PATIENCE, pictures(20), real)).toBeUndefined();
    expect(watch.afterSamples(PATIENCE + 1, alike, real)).toMatch(/^step 501: the generator's pictures are all alike/);
    expect(watch.afterSamples(PATIENCE + 2, alike, real)).toBeUndefined();
  });
});

/** Pictures around grey with this standard deviation. */
function pictures(deviation: number) {
  const random = new Random(deviation);
  return Array.from({ length: 200 }, () => ({
    width: 4,
    height: 4,
    channels: 3 as const,
    data: Uint8Array.from({ length: 48 }, () => 127.5 + deviation * Math.max(-2, Math.min(2, random.normal()))),
  }));
}
