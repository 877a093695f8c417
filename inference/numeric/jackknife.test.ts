import { describe, expect, test } from 'vitest';
import { jackknifeErrors, jackknifeGroups } from './jackknife.js';
import { Random } from './random.js';

describe('jackknifeErrors(groups, without)', () => {
  test('of a mean, with each draw a group, is the deviation divided by √N', () => {
    const random = new Random(2);
    const draws = Float64Array.from({ length: 20 }, () => 100 + random.normal());
    const mean = draws.reduce((sum, value) => sum + value, 0) / 20;
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 19;
    const [error] = jackknifeErrors(20, (left) => [(20 * mean - draws[left]!) / 19]);
    expect(error).toBeCloseTo(Math.sqrt(variance / 20), 6);
  });
});

describe('jackknifeGroups(draws, numbers)', () => {
  test('are at most 20, and one where draws or memory are too few', () => {
    expect([jackknifeGroups(1000), jackknifeGroups(7), jackknifeGroups(3)]).toEqual([20, 7, 1]);
    expect([jackknifeGroups(1000, 2 ** 21), jackknifeGroups(1000, 2 ** 23)]).toEqual([8, 1]);
  });
});
