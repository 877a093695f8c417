import { describe, expect, it } from 'vitest';
import { float } from '../../graph/attributes.js';
import { GraphBuilder } from '../../build/build.js';
import { caseLabel, checkVjp, outputsOf, uncheckedOps, type VjpCase } from '../check.test.helper.js';
import { matmulRules } from './matmul.js';
import { gradients } from '../walk.js';

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
  ...(
    [
      ['ij,jk->ik', [2, 3], [3, 4]],
      ['ij,kj->ki', [2, 3], [4, 3]],
      ['bhqd,bhkd->bhqk', [2, 2, 3, 4], [2, 2, 5, 4]],
      ['bqhd,bkhd->bhqk', [2, 3, 2, 4], [2, 5, 2, 4]],
      ['bhij,bjhd->bihd', [2, 2, 3, 3], [2, 3, 2, 4]],
      ['...ij,...jk->...ik', [5, 1, 2, 3], [5, 4, 3, 2]],
      ['i...j,j->i...', [2, 3, 4], [4]],
      ['...c,oc->...o', [2, 3, 4], [5, 4]],
      ['nchw,c->nhw', [2, 3, 2, 4], [3]],
      ['i,j->ij', [3], [4]],
      ['ij,j', [2, 3], [3]],
      ['ij,jk', [2, 3], [3, 4]],
      ['ijk,ik->i', [2, 3, 4], [2, 4]],
      ['i,i->', [3], [1]],
      ['ij,ij->i', [2, 3], [2, 1]],
      ['ij,jk->ik', [2, 1], [3, 2]],
      ['...ij,...j->...', [4, 2, 3], [1, 3]],
    ] as const
  ).map(([equation, left, right]): VjpCase => ({
    op: 'Einsum',
    inputs: [{ shape: left }, { shape: right }],
    attributes: { equation },
    symbolicBatch: [0],
  })),
  { op: 'Einsum', inputs: [{ shape: [2, 3, 4] }], attributes: { equation: 'bij->bji' }, symbolicBatch: [0] },
  { op: 'Einsum', inputs: [{ shape: [2, 3, 4] }], attributes: { equation: 'bij->b' }, symbolicBatch: [0] },
  {
    op: 'Einsum',
    inputs: [{ shape: [2, 3] }, { shape: [3, 4] }, { shape: [4, 2] }],
    attributes: { equation: 'ij,jk,kl->il' },
  },
];

describe('gradients(…) of matrix products', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(matmulRules, cases)).toEqual([]));

  it.each([
    [1, 2],
    [2, 1],
  ])('sums and repeats along labels whose sizes differ when the graph runs: %i beside %i', async (rows, others) => {
    const b = new GraphBuilder();
    const inputs = [b.input('x', 'float32', ['N', 2]), b.input('v', 'float32', ['M', 2])];
    const found = gradients(b, b.op('Einsum', inputs, { equation: 'ij,ij->' }), ['x', 'v']);
    for (const [name, gradient] of found) b.output(gradient as string, `d${name}`);
    const row = [1, 2];
    const fed = (count: number) => ({ dims: [count, 2], data: Array.from({ length: count }, () => row).flat() });
    const { dx, dv } = await outputsOf(b, { x: fed(rows), v: fed(others) });
    expect([dx, dv].map((list) => list?.length)).toEqual([2 * rows, 2 * others]);
    // Σᵢⱼ xᵢⱼ·vᵢⱼ: the one row meets both of the others.
    expect(dx).toEqual(rows === 1 ? [2, 4] : [1, 2, 1, 2]);
    expect(dv).toEqual(others === 1 ? [2, 4] : [1, 2, 1, 2]);
  });

  it.each([
    ['ii->i', 'cannot be differentiated (equation: expected labels that occur once per input; got "ii")'],
    ['ij,jk->ik', 'equation: expected labels for 1 inputs; got "ij,jk->ik"'],
    ['ijk->ijk', 'labels "ijk" do not fit [N,3]'],
  ])('refuses an Einsum "%s" with the reason', (equation, message) => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 3]);
    expect(() => gradients(b, b.op('Einsum', ['x'], { equation }, 'sum'), ['x'])).toThrow(`Einsum "sum": `);
    expect(() => gradients(b, b.op('Einsum', ['x'], { equation }, 'sum'), ['x'])).toThrow(message);
  });
});
