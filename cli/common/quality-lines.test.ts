import type { QualityRow } from 'ganscope/trainer';
import { expect, test } from 'vitest';
import { comparisonLines, qualityLines } from './quality-lines.js';

const row: QualityRow = {
  step: 2000,
  kid: 0.0123456,
  kidStd: 0.00234,
  subsets: 100,
  subsetSize: 20,
  real: 40,
  generated: 40,
  features: 'digits.onnx:features',
  seconds: 1,
};

test('qualityLines(row) gives a Fréchet distance, or why there is none, and KID', () => {
  expect(qualityLines({ ...row, frechet: 12.345678 })).toEqual([
    'Features digits.onnx:features, step 2,000, 40 real and 40 generated pictures',
    '  Fréchet distance: 12.3457',
    '  KID: 0.012346 ± 0.0023 (100 subsets of 20)',
  ]);
  const manifold = { precision: 0.91234, recall: 0.5, density: 1.25, coverage: 0.75, real: 1000, fake: 40 };
  expect(qualityLines({ ...row, manifold }).slice(3)).toEqual([
    '  Precision: 0.912, recall: 0.500 (1,000 and 40 pictures)',
    '  Density: 1.250, coverage: 0.750',
  ]);
  expect(qualityLines(row)[1]).toMatch(/^ {2}Fréchet distance: not given for fewer than 2,048 pictures of each kind/);
});

test('comparisonLines(comparison) names both sets', () => {
  const sets = [
    { name: 'g.onnx', pictures: 3000 },
    { name: 'birds', pictures: 40 },
  ] as [{ name: string; pictures: number }, { name: string; pictures: number }];
  expect(comparisonLines({ ...row, sets, assumed: [] }).slice(0, 3)).toEqual([
    'Features digits.onnx:features',
    '  3,000 pictures of g.onnx',
    '  40 pictures of birds',
  ]);
});
