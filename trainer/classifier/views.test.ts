/** @file Random views of pictures. */
import { expect, it } from 'vitest';
import { Random } from '../../inference/numeric/random.js';
import { viewsOf } from './views.js';

const size = 16;
/** Two pictures of one channel: brighter to the right, and brighter to the bottom. */
const ramps = Float32Array.from({ length: 2 * size * size }, (_, at) =>
  at < size * size ? (at % size) / size : (Math.floor(at / size) % size) / size,
);

it('viewsOf(pictures, …) shows a part of each that is enlarged by up to 1 / 0.6, never mirrored, in other light', () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const views = viewsOf(ramps, size, 1, new Random(seed));
    const at = (picture: number, row: number, column: number) =>
      views[picture * size * size + row * size + column] as number;
    // Away from the edges a ramp stays a ramp.
    const across = at(0, 8, 8) - at(0, 8, 7);
    const down = at(1, 8, 8) - at(1, 7, 8);
    for (const slope of [across, down]) {
      expect(slope * size).toBeGreaterThan(0.6 * 0.6 * 0.8 - 1e-4);
      expect(slope * size).toBeLessThan(1.4 * 1.2 + 1e-4);
      seen.add(slope);
    }
    expect(at(0, 8, 9) - at(0, 8, 8)).toBeCloseTo(across, 5);
    expect(at(0, 3, 8)).toBe(at(0, 12, 8));
    expect(at(1, 8, 3)).toBe(at(1, 8, 12));
  }
  expect(seen.size).toBe(40);
});

it('viewsOf(pictures, …) is alike by its seed and changes no picture', () => {
  const before = ramps.slice();
  const [first, again] = [3, 3].map((seed) => viewsOf(ramps, size, 1, new Random(seed)));
  expect(again).toEqual(first);
  expect(ramps).toEqual(before);
});
