import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { totalIndices } from '../../../inference/numeric/total-indices.js';
import { dependences } from './dependence.js';

const path = new URL('../../../../fixtures/golden/sensitivity-peers.json', import.meta.url);
const { sobol, hsic } = JSON.parse(readFileSync(fileURLToPath(path), 'utf8')) as {
  sobol: { scores: number[]; indices: number[] };
  hsic: { shown: number[][]; scores: number[]; indices: number[]; unmoved: number[] };
};

/** Largest difference, as a share of the largest value. */
function difference(own: ArrayLike<number>, other: readonly number[]): number {
  expect(own.length).toBe(other.length);
  return Math.max(...other.map((value, i) => Math.abs(value - (own[i] as number)))) / Math.max(...other);
}

test('Sobol indices of the same scores are those of xplique', () => {
  const cells = sobol.indices.length;
  const starts = Array.from({ length: sobol.scores.length / (cells + 1) }, (_, design) => design * (cells + 1));
  expect(difference(totalIndices(sobol.scores, starts, cells), sobol.indices)).toBeLessThan(1e-5);
});

test('HSIC of the same masks and scores is that of xplique times N/(N − 1)², where its kernel has the same width', () => {
  const { shown, scores, indices, unmoved } = hsic;
  const count = scores.length;
  const own = dependences(
    shown.map((flags) => Uint8Array.from(flags)),
    Float64Array.from(scores),
    1,
  )();
  const scaled = (values: readonly number[]) => values.map((value) => (value * count) / (count - 1) ** 2);
  expect(difference(own, scaled(indices))).toBeLessThan(1e-5);
  // Its own width, the median score, depends on where zero is.
  expect(difference(own, scaled(unmoved))).toBeGreaterThan(0.01);
});
