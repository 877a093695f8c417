import { describe, expect, it } from 'vitest';
import { float } from '../attributes.js';
import { caseLabel, checkVjp, uncheckedOps, type VjpCase } from './check.node.js';
import { matmulRules } from './matmul.js';

const flags = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

const cases: VjpCase[] = [
  ...flags.map(([transA, transB]): VjpCase => ({
    op: 'Gemm',
    inputs: [{ shape: transA ? [3, 2] : [2, 3] }, { shape: transB ? [4, 3] : [3, 4] }, { shape: [4] }],
    attributes: { transA, transB, alpha: float(0.5), beta: float(2) },
  })),
  {
    op: 'Gemm',
    inputs: [{ shape: [2, 3] }, { shape: [4, 3] }, { shape: [4] }],
    attributes: { transB: 1 },
    symbolicBatch: [0],
  },
  { op: 'Gemm', inputs: [{ shape: [2, 3] }, { shape: [3, 4] }], symbolicBatch: [0] },
  ...[[], [1], [2, 1], [2, 4], [1, 4]].map((shape): VjpCase => ({
    op: 'Gemm',
    inputs: [{ shape: [2, 3] }, { shape: [3, 4] }, { shape }],
  })),
  ...[
    [
      [2, 3],
      [3, 4],
    ],
    [[3], [3]],
    [[3], [3, 4]],
    [[2, 3], [3]],
    [[3], [2, 3, 4]],
    [[2, 2, 3], [3]],
    [
      [5, 2, 3],
      [5, 3, 4],
    ],
    [
      [5, 2, 3],
      [3, 4],
    ],
    [
      [2, 3],
      [5, 3, 4],
    ],
    [
      [2, 1, 2, 3],
      [4, 3, 2],
    ],
    [
      [1, 2, 3],
      [4, 3, 2],
    ],
  ].map(([a, b]): VjpCase => ({ op: 'MatMul', inputs: [{ shape: a as number[] }, { shape: b as number[] }] })),
  { op: 'MatMul', inputs: [{ shape: [2, 3] }, { shape: [3, 4] }], symbolicBatch: [0] },
  { op: 'MatMul', inputs: [{ shape: [2, 4, 3] }, { shape: [1, 3, 4] }], symbolicBatch: [0] },
  { op: 'MatMul', inputs: [{ shape: [2, 4, 3] }, { shape: [2, 3, 2] }], symbolicBatch: [0, 1] },
];

describe('gradients(…) of matrix products', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(matmulRules, cases)).toEqual([]));
});
