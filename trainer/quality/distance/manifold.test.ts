/** @file Precision, recall, density and coverage against the formulas of the authors' prdc. */
import { describe, expect, it } from 'vitest';
import { golden } from '../../../fixtures/golden.js';
import { Random } from '../../../inference/numeric/random.js';
import type { Features } from './features.js';
import { manifoldMeasures, SquaredDistances, type ManifoldMeasures } from './manifold.node.js';

const { info, tensor } = golden<{ manifolds: ({ sets: [string, string] } & ManifoldMeasures)[] }>('quality');

function featuresOf(name: string): Features {
  const { shape, data } = tensor(name);
  return { size: shape[1] as number, data: Float32Array.from(data) };
}

describe('manifoldMeasures(real, fake, signal)', () => {
  it.each(info.manifolds)('of the sets $sets are those of prdc', async ({ sets: [a, b], ...expected }) => {
    const found = await manifoldMeasures(featuresOf(a), featuresOf(b));
    for (const name of ['precision', 'recall', 'density', 'coverage'] as const)
      expect(Math.abs(found[name] - expected[name])).toBeLessThan(1e-12);
  });

  it('of several blocks are those of all distances at once', async () => {
    const random = new Random(9);
    const normal = (count: number) => ({
      size: 2,
      data: Float32Array.from({ length: 2 * count }, () => random.normal()),
    });
    const [real, fake] = [normal(1100), normal(1030)];
    const squared = (a: Features, i: number, b: Features, j: number) =>
      [0, 1].reduce((sum, at) => sum + ((a.data[2 * i + at] as number) - (b.data[2 * j + at] as number)) ** 2, 0);
    const radii = Array.from({ length: 1100 }, (_, i) => {
      const all = Float64Array.from({ length: 1100 }, (__, j) => squared(real, i, real, j)).sort();
      return [all[3] as number, all[5] as number];
    });
    const own = (radius: 0 | 1, i: number, j: number) => squared(real, i, fake, j) < (radii[i]?.[radius] as number);
    const fakes = Array.from({ length: 1030 }, (_, j) => j);
    const found = await manifoldMeasures(real, fake);
    expect(found.precision).toBe(fakes.filter((j) => radii.some((_, i) => own(0, i, j))).length / 1030);
    expect(found.coverage).toBe(radii.filter((_, i) => fakes.some((j) => own(1, i, j))).length / 1100);
  });

  it('of equal samples are zero apart: nothing lies within a ball without extent', async () => {
    const equal = { size: 3, data: new Float32Array(36).map((_, at) => [0.1, 1000.7, 33.3][at % 3] as number) };
    const distances = await SquaredDistances.create(3);
    const { squares, numbers } = await distances.nearest(equal, 2);
    await distances.dispose();
    expect([...squares].every((square) => square === 0)).toBe(true);
    expect(Array.from(numbers.slice(0, 4))).toEqual([1, 2, 0, 2]);
    expect(await manifoldMeasures(equal, equal)).toEqual({ precision: 0, recall: 0, density: 0, coverage: 0 });
  });

  it('refuses too few samples, and can be interrupted', async () => {
    const few = { size: 2, data: new Float32Array(10) };
    await expect(manifoldMeasures(few, few)).rejects.toThrow('at least 6 samples, with as many features; got [5, 2]');
    const real = featuresOf('real');
    await expect(manifoldMeasures(real, real, AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
