import { describe, expect, it } from 'vitest';
import { Random } from '../../numeric/random.js';
import { TopScores } from './top-k.js';

/** Scores of which many are equal. */
function scores(count: number): number[] {
  const random = new Random(5);
  return Array.from({ length: count }, () => Math.round(4 * random.normal()) / 4);
}

describe('TopScores', () => {
  it.each([
    [1, 500],
    [7, 500],
    [250, 500],
    [499, 500],
    [500, 500],
    [3, 3],
  ])('keeps the %i highest of %i in order, of equal ones the earlier first', (keep, count) => {
    const all = scores(count);
    const highest = new TopScores(keep, count);
    for (const logit of all) highest.add(logit);
    const { positions, logits } = highest.ranked();
    const expected = all
      .map((_, at) => at)
      .toSorted((a, b) => (all[b] as number) - (all[a] as number))
      .slice(0, keep);
    expect([...positions]).toEqual(expected);
    expect([...logits]).toEqual(expected.map((at) => all[at]));
  });

  it('orders infinite scores', () => {
    const highest = new TopScores(4, 6);
    for (const logit of [-Infinity, Infinity, 0, Infinity, -Infinity, -1]) highest.add(logit);
    expect([...highest.ranked().positions]).toEqual([1, 3, 2, 5]);
    const lowest = new TopScores(2, 6);
    for (let i = 0; i < 6; i++) lowest.add(-Infinity);
    expect([...lowest.ranked().positions]).toEqual([0, 1]);
  });

  it('refuses what is no number', () => {
    expect(() => new TopScores(1, 1).add(Number.NaN)).toThrow(
      /^discriminator: expected numbers as scores; got NaN for latent 0$/,
    );
  });
});
