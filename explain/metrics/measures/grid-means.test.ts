import { describe, expect, test } from 'vitest';
import { Random } from '../../../inference/numeric/random.js';
import { GridMeans } from './grid-means.js';

const weights = { direct: 1 / 6, diagonal: 1 / 12 };

/** Largest difference between an unknown cell and the weighted mean of its neighbours. */
function largestGap(values: ArrayLike<number>, unknown: Uint8Array, height: number, width: number): number {
  let most = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (unknown[y * width + x] === 0) continue;
      let [sum, total] = [0, 0];
      for (const down of [-1, 0, 1]) {
        for (const across of [-1, 0, 1]) {
          const [v, u] = [y + down, x + across];
          if ((down === 0 && across === 0) || v < 0 || v >= height || u < 0 || u >= width) continue;
          const weight = down === 0 || across === 0 ? weights.direct : weights.diagonal;
          sum += weight * (values[v * width + u] as number);
          total += weight;
        }
      }
      most = Math.max(most, Math.abs((values[y * width + x] as number) - sum / total));
    }
  }
  return most;
}

describe('GridMeans', () => {
  for (const [height, width, share] of [
    [1, 7, 0.5],
    [9, 5, 0.3],
    [33, 64, 0.6],
    [64, 50, 0.95],
  ] as const) {
    test(`solves for ${100 * share} % of ${height}×${width} cells and keeps the others`, () => {
      const random = new Random(3);
      const values = Float32Array.from({ length: height * width }, () => random.normal());
      const unknown = Uint8Array.from(values, () => (random.uniform() < share ? 1 : 0));
      unknown[0] = 0;
      const solved = new GridMeans(unknown, height, width, weights).solved(values, 1e-10);
      expect(largestGap(solved, unknown, height, width)).toBeLessThan(1e-7);
      expect(solved.filter((_, at) => unknown[at] === 0)).toEqual(
        Float64Array.from(values.filter((_, at) => unknown[at] === 0)),
      );
    });
  }

  test('keeps a line of pixels: means of a linear picture are linear', () => {
    const [height, width] = [12, 20];
    const values = Float32Array.from({ length: height * width }, (_, at) => at % width);
    const unknown = Uint8Array.from(values, (x) => (x === 0 || x === width - 1 ? 0 : 1));
    const solved = new GridMeans(unknown, height, width, weights).solved(
      new Float32Array(values.map((x) => (x === width - 1 ? x : 0))),
      1e-12,
    );
    solved.forEach((value, at) => expect(value).toBeCloseTo(at % width, 8));
  });
});
