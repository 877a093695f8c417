import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../maps/explanation.js';
import { mapDifference } from './compare.js';

const withRaw = (raw: readonly number[]) => ({ raw: Float32Array.from(raw) }) as unknown as Explanation;

describe('mapDifference(a, b)', () => {
  it('compares maps that are divided by their largest values', () => {
    const { difference, mean, correlation } = mapDifference(withRaw([4, 2, 0, 0]), withRaw([0, 1, 2, 0]));
    expect([...difference]).toEqual([1, 0, -1, 0]);
    expect(mean).toBe(0.5);
    // Deviations (5, 1, −3, −3)/8 and (−3, 1, 5, −3)/8: −20/44.
    expect(correlation).toBeCloseTo(-20 / 44, 6);
  });

  it('takes an empty map for zero, which correlates with nothing', () => {
    expect(mapDifference(withRaw([0, 0]), withRaw([1, 0]))).toEqual({ difference: Float32Array.of(-1, 0), mean: 0.5 });
  });
});
