/** @file The probability of adaptive augmentation follows the discriminator's answers to trained, held-out and generated pictures. */
import { describe, expect, it } from 'vitest';
import { configWith } from '../../settings/presets.js';
import { Ada, isAdaState } from './ada.js';
import { overfitting, overfittingOf } from './overfitting.js';

const sign = { ada: true, adaSignal: 'sign', batchSize: 10, adaImages: 1000 } as const;
const config = configWith('space', sign);
const heldOut = configWith('space', { ada: true, batchSize: 10, adaImages: 1000 });

describe('Ada.after({ signReal })', () => {
  it('raises the probability after every fourth step by its share of `adaImages`, up to 1', () => {
    const ada = new Ada(config);
    const seen: number[] = [];
    for (let step = 0; step < 8; step++) {
      ada.after({ signReal: 1 });
      seen.push(ada.probability);
    }
    expect(seen).toEqual([0, 0, 0, 0.04, 0.04, 0.04, 0.04, 0.08]);
    for (let step = 0; step < 200; step++) ada.after({ signReal: 1 });
    expect(ada.probability).toBe(1);
  });

  it('takes the mean of the four steps: at the target nothing changes, below it the probability falls, down to 0', () => {
    const ada = new Ada(config, { probability: 0.5, signs: 0, steps: 0 });
    for (const signReal of [1, 1, 0, 0]) ada.after({ signReal });
    expect(ada.probability).toBeCloseTo(0.46, 12);
    for (const signReal of [1, 1, 1, 0]) ada.after({ signReal });
    expect(ada.probability).toBeCloseTo(0.5, 12);
    const half = configWith('space', { ...sign, adaTarget: 0.5 });
    const still = new Ada(half, ada.state);
    for (const signReal of [1, 1, 0, 0]) still.after({ signReal });
    expect(still.probability).toBe(ada.probability);
    for (let step = 0; step < 100; step++) ada.after({ signReal: -1 });
    expect(ada.probability).toBe(0);
  });

  it('goes on from a state that was saved between two changes', () => {
    const [whole, first] = [new Ada(config), new Ada(config)];
    const signs = [0.3, 1, 0.9, 0.7, -0.2, 0.8, 1, 1, 0.9];
    signs.forEach((signReal) => whole.after({ signReal }));
    signs.slice(0, 6).forEach((signReal) => first.after({ signReal }));
    const saved: unknown = JSON.parse(JSON.stringify(first.state));
    expect(isAdaState(saved, config)).toBe(true);
    expect(isAdaState(saved, heldOut)).toBe(false);
    const rest = new Ada(config, first.state);
    expect(rest.stepsLeft).toBe(2);
    signs.slice(6).forEach((signReal) => rest.after({ signReal }));
    expect(rest.state).toEqual(whole.state);
  });
});

describe('overfitting({ real, heldOut, fake })', () => {
  it.each([
    [{ real: 3, heldOut: 3, fake: -1 }, 0],
    [{ real: 3, heldOut: 2, fake: -1 }, 0.25],
    [{ real: 3, heldOut: -1, fake: -1 }, 1],
    [{ real: 3, heldOut: 4, fake: -1 }, -0.25],
    // The denominator is at least 1e-8.
    [{ real: 1, heldOut: 0, fake: 2 }, 1e8],
  ])('is, of %j, %d', (logits, expected) => {
    expect(overfitting(logits)).toBeCloseTo(expected, 12);
  });

  it('is of the means over several steps, not the mean of theirs', () => {
    const steps = [
      { logitReal: 2, logitHeldOut: 1, logitFake: 0 },
      { logitReal: 4, logitHeldOut: 1, logitFake: -4 },
    ];
    // ((2 − 1) + (4 − 1)) / ((2 − 0) + (4 + 4))
    expect(overfittingOf(steps)).toBeCloseTo(0.4, 12);
    expect(overfittingOf([...steps, { logitReal: 1 }])).toBeNaN();
    expect(overfittingOf([{ logitReal: -1, logitHeldOut: 0, logitFake: 0 }])).toBeNaN();
    expect(overfittingOf([])).toBeNaN();
  });
});

describe('Ada.after({ logitReal, logitHeldOut, logitFake })', () => {
  // r_v of the four together is (8 − 4) / (8 + 0) = 0.5; of the last one alone it is below 0.
  const steps = [
    { logitReal: 2, logitHeldOut: 0, logitFake: -1 },
    { logitReal: 3, logitHeldOut: 1, logitFake: 0 },
    { logitReal: 1, logitHeldOut: 0.5, logitFake: 1 },
    { logitReal: 2, logitHeldOut: 2.5, logitFake: 0 },
  ];

  it('compares r_v of four steps with the target 0.5', () => {
    expect(heldOut.adaTarget).toBe(0.5);
    const after = (change: number) => {
      const ada = new Ada(heldOut, { probability: 0.3, logits: { real: 0, heldOut: 0, fake: 0 }, steps: 0 });
      const [first, ...others] = steps.map((step) => ({ ...step }));
      for (const step of [{ ...first, logitHeldOut: change }, ...others]) ada.after(step);
      return ada.probability;
    };
    // Four steps of ten pictures are 0.04 of a thousand.
    expect(after(0)).toBeCloseTo(0.3, 12);
    expect(after(-0.01)).toBeCloseTo(0.34, 12);
    expect(after(0.01)).toBeCloseTo(0.26, 12);
  });

  it('does not read the signs, and goes on from a state that was saved between two changes', () => {
    const [whole, first] = [new Ada(heldOut), new Ada(heldOut)];
    const all = Array.from({ length: 11 }, (_, at) => ({
      signReal: -1,
      logitReal: 1 + at / 10,
      logitHeldOut: -at / 7,
      logitFake: -0.5,
    }));
    all.forEach((step) => whole.after(step));
    all.slice(0, 6).forEach((step) => first.after(step));
    const saved: unknown = JSON.parse(JSON.stringify(first.state));
    if (!isAdaState(saved, heldOut)) throw new Error('not a state');
    expect(isAdaState(saved, config)).toBe(false);
    const rest = new Ada(heldOut, saved);
    all.slice(6).forEach((step) => rest.after(step));
    expect(rest.state).toEqual(whole.state);
    expect(rest.probability).toBeCloseTo(0.08, 12);
  });
});

it.each([[{ probability: 2, signs: 0, steps: 0 }], [{ probability: 0.1, signs: 0, steps: 4 }], [undefined], ['x']])(
  'isAdaState(%j) is false',
  (value) => {
    expect(isAdaState(value, config)).toBe(false);
    expect(isAdaState(value, heldOut)).toBe(false);
  },
);
