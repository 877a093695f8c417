import { describe, expect, it } from 'vitest';
import { Random } from './random.js';
import { designedInputs, drawnDesigns, totalIndices } from './total-indices.js';

describe('totalIndices(values, starts, inputs)', () => {
  const estimate = (inputs: number, value: (x: Float64Array) => number) => {
    const designs = drawnDesigns(new Random(3), 4000, inputs);
    const values = Array.from({ length: 4000 * (inputs + 1) }, (_, at) => value(designedInputs(designs, inputs, at)));
    return totalIndices(
      values,
      designs.map((_, at) => at * (inputs + 1)),
      inputs,
    );
  };
  it('is the share of the variance for a sum', () => {
    // Var(c·x) = Σ c²/12: shares 9/14, 4/14, 1/14 and 0.
    const found = estimate(4, ([a = 0, b = 0, c = 0]) => 3 * a + 2 * b + c);
    [9 / 14, 4 / 14, 1 / 14, 0].forEach((share, at) => expect(found[at]).toBeCloseTo(share, 1));
  });
  it('counts what inputs do together for each of them', () => {
    // Var(xy) = 1/9 − 1/16; without x there is E[y²]·Var(x) = 1/36 left: 4/7 each.
    const found = estimate(2, ([a = 0, b = 0]) => a * b);
    for (const index of found) expect(index).toBeCloseTo(4 / 7, 1);
  });
  it('is 0 where nothing varies', () => {
    expect([...estimate(3, () => 5)]).toEqual([0, 0, 0]);
  });
});
