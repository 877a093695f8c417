import { describe, expect, it } from 'vitest';
import { lineParts, quantile, ticksOf, valueAt } from './scale.js';

const points = (values: readonly number[]) => values.map((value, i) => ({ step: i + 1, value }));

describe('lineParts(points)', () => {
  it('is broken where values are not finite, and keeps means of neighbours of many', () => {
    expect(lineParts(points([1, 2, Number.NaN, 4]))).toEqual([points([1, 2]), [{ step: 4, value: 4 }]]);
    const [line = [], ...others] = lineParts(points(Array.from({ length: 10_000 }, (_, i) => i)));
    expect(others).toEqual([]);
    expect(line.length).toBe(150);
    expect(line.reduce((sum, { value }) => sum + value, 0) / line.length).toBeCloseTo(4999.5, 0);
  });
});

describe('ticksOf(values)', () => {
  it.each([[[0.1, 0.9]], [[-3, 1]], [[1e6, 2e6]], [[0]], [[]]])('encloses %j and 0 in three to six', (values) => {
    const ticks = ticksOf(values);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(6);
    expect(Math.min(...ticks)).toBeLessThanOrEqual(Math.min(0, ...values));
    expect(Math.max(...ticks)).toBeGreaterThanOrEqual(Math.max(0, ...values));
  });
});

describe('valueAt(points, step)', () => {
  it('is that of the last point up to there', () => {
    const line = points([10, 20, 30]);
    expect([0, 1, 2.5, 3, 99].map((step) => valueAt(line, step))).toEqual([undefined, 10, 20, 30, 30]);
  });
});

it('quantile(values, share) is the value below which that share is', () => {
  expect(quantile([5, 1, 3, 2, 4], 0.75)).toBe(4);
  expect(quantile([], 0.75)).toBe(0);
});
