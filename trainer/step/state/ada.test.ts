/** @file The probability of adaptive augmentation follows the discriminator's answers to real pictures. */
import { describe, expect, it } from 'vitest';
import { configWith } from '../../settings/presets.js';
import { Ada, isAdaState } from './ada.js';

const config = configWith('space', { ada: true, batchSize: 10, adaImages: 1000 });

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
    const half = configWith('space', { ada: true, batchSize: 10, adaImages: 1000, adaTarget: 0.5 });
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
    expect(isAdaState(saved)).toBe(true);
    const rest = new Ada(config, first.state);
    expect(rest.stepsLeft).toBe(2);
    signs.slice(6).forEach((signReal) => rest.after({ signReal }));
    expect(rest.state).toEqual(whole.state);
  });
});

it.each([[{ probability: 2, signs: 0, steps: 0 }], [{ probability: 0.1, signs: 0, steps: 4 }], [undefined], ['x']])(
  'isAdaState(%j) is false',
  (value) => {
    expect(isAdaState(value)).toBe(false);
  },
);
