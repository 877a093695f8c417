import { expect, test } from 'vitest';
import { Random } from './random.js';
import { solvedSymmetric } from './solve.js';

test('solvedSymmetric(matrix, rights) gives x of A·x = b', () => {
  const [n, random] = [7, new Random(3)];
  const root = Float64Array.from({ length: n * n }, () => random.normal());
  const row = (values: Float64Array, i: number) => values.subarray(i * n, (i + 1) * n);
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  const matrix = Float64Array.from({ length: n * n }, (_, at) => dot(row(root, Math.floor(at / n)), row(root, at % n)));
  const rights = [0, 1].map(() => Float64Array.from({ length: n }, () => random.normal()));
  solvedSymmetric(matrix, rights).forEach((x, at) => {
    for (let i = 0; i < n; i++) expect(dot(row(matrix, i), x)).toBeCloseTo(rights[at]![i]!, 6);
  });
});

test('solvedSymmetric(matrix, rights) gives a solution where the rank is not full', () => {
  const [x] = solvedSymmetric(Float64Array.of(1, 1, 1, 1), [Float64Array.of(2, 2)]) as [Float64Array];
  expect(x[0]! + x[1]!).toBeCloseTo(2, 5);
});
