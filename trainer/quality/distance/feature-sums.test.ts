/** @file Sums that merge: the same as two passes over all samples, also far from zero. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../inference/numeric/random.js';
import type { Features } from './features.js';
import { blockSums, gaussianOf, mergedSums, type FeatureSums } from './feature-sums.js';
import { GramSession } from './gram.node.js';

const SIZE = 6;

/** Features of which some lie far from zero, with parts that differ. */
function samples(count: number): Features {
  const random = new Random(3);
  const data = Float32Array.from({ length: count * SIZE }, (_, at) => {
    const column = at % SIZE;
    return 10 ** column * (1 + at / (count * SIZE)) + random.normal();
  });
  return { size: SIZE, data };
}

/** Mean and covariance by two passes. */
function twoPasses({ size, data }: Features) {
  const count = data.length / size;
  const column = (i: number) => Float64Array.from({ length: count }, (_, row) => data[row * size + i] as number);
  const columns = Array.from({ length: size }, (_, i) => column(i));
  const mean = columns.map((values) => values.reduce((sum, value) => sum + value, 0) / count);
  const covariance = columns.flatMap((a, i) =>
    columns.map(
      (b, j) => a.reduce((sum, v, row) => sum + (v - mean[i]!) * ((b[row] as number) - mean[j]!), 0) / (count - 1),
    ),
  );
  return { mean, covariance };
}

let session: GramSession;
beforeAll(async () => {
  session = await GramSession.open();
});
afterAll(() => session.release());

/** The sums of parts of these sizes, one for each. */
async function partsOf({ size, data }: Features, counts: readonly number[]): Promise<FeatureSums[]> {
  const parts: FeatureSums[] = [];
  let start = 0;
  for (const count of counts) {
    parts.push(await blockSums({ size, data: data.subarray(start * size, (start + count) * size) }, session.gram));
    start += count;
  }
  return parts;
}

const merged = (parts: readonly FeatureSums[]) =>
  parts.reduce<FeatureSums | undefined>((sums, part) => mergedSums(sums, part), undefined) as FeatureSums;

describe('mergedSums(into, part)', () => {
  it.each([[[500]], [[1, 499]], [[100, 0, 1, 150, 249]]])(
    'of parts of %j samples is that of two passes',
    async (counts) => {
      const all = samples(500);
      const sums = merged(await partsOf(all, counts));
      expect(sums.count).toBe(500);
      const { mean, covariance } = gaussianOf(sums);
      const expected = twoPasses(all);
      const deviation = (i: number) => Math.sqrt(expected.covariance[i * SIZE + i] as number);
      for (let i = 0; i < SIZE; i++) {
        expect(Math.abs((mean[i] as number) / (expected.mean[i] as number) - 1)).toBeLessThan(1e-14);
        for (let j = 0; j < SIZE; j++) {
          const scale = deviation(i) * deviation(j);
          const difference = (covariance[i * SIZE + j] as number) - (expected.covariance[i * SIZE + j] as number);
          expect(Math.abs(difference) / scale).toBeLessThan(1e-12);
        }
      }
    },
  );

  it('gives the same digits whenever the same parts are merged in the same order, and does not change the parts', async () => {
    const parts = await partsOf(samples(500), [200, 200, 100]);
    const copies = structuredClone(parts);
    const first = gaussianOf(merged(parts));
    expect(gaussianOf(merged(parts))).toEqual(first);
    expect(parts).toEqual(copies);
    expect(gaussianOf(merged(copies))).toEqual(first);
  });
});
