import { expect, test } from 'vitest';
import { Random } from '../../../inference/numeric/random.js';
import { orderOf } from './order.js';

test('orderOf(values, direction) keeps the order of equal values, 0 and −0 among them, in both directions', () => {
  const random = new Random(1);
  const values = Float32Array.from({ length: 5000 }, () => Math.round(20 * random.normal()) / 7);
  values.set([-0, 0, -0, 1e-42, -1e-42, 3e38, -3e38]);
  const positions = () => Uint32Array.from(values.keys());
  const value = (at: number) => values[at] as number;
  expect(orderOf(values, 'ascending')).toEqual(positions().sort((a, b) => value(a) - value(b) || a - b));
  expect(orderOf(values, 'descending')).toEqual(positions().sort((a, b) => value(b) - value(a) || a - b));
});
