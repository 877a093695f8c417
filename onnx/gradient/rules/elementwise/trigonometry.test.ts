import { describe, expect, it } from 'vitest';
import { caseLabel, checkVjp, uncheckedOps, type VjpCase } from '../../check.test.helper.js';
import { trigonometryRules } from './trigonometry.js';

/** Inside each function's domain. */
const ranges: Record<keyof typeof trigonometryRules, readonly [number, number]> = {
  Acos: [-0.8, 0.8],
  Acosh: [1.2, 3],
  Asin: [-0.8, 0.8],
  Asinh: [-2, 2],
  Atan: [-2, 2],
  Atanh: [-0.7, 0.7],
  Cos: [-3, 3],
  Cosh: [-2, 2],
  Erf: [-2, 2],
  Sin: [-3, 3],
  Sinh: [-2, 2],
  Tan: [-1, 1],
};

const cases = Object.entries(ranges).flatMap(([op, range]): VjpCase[] => [
  { op, inputs: [{ shape: [2, 3, 4], range }] },
  { op, inputs: [{ shape: [3, 2], range }], symbolicBatch: [0], seed: 2 },
]);

describe('gradients(…) of trigonometric functions', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(trigonometryRules, cases)).toEqual([]));
});
