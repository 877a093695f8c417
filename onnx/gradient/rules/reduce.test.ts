import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../build/build.js';
import { caseLabel, checkVjp, outputsOf, uncheckedOps, type VjpCase } from '../check.test.helper.js';
import { reduceRules } from './reduce.js';
import { gradients } from '../walk.js';

/** ONNX type code. */
const INT64 = 7;
const positive = [0.5, 2] as const;
const ops = Object.keys(reduceRules);

/** Axes are an input of ReduceSum and an attribute of all others in this dialect. */
function reduced(op: string, shape: readonly number[], axes: readonly number[] | undefined, keepdims: number): VjpCase {
  const data = { shape, range: positive };
  if (op === 'ReduceSum') return { op, inputs: axes ? [data, { ints: axes }] : [data], attributes: { keepdims } };
  return { op, inputs: [data], attributes: { ...(axes && { axes }), keepdims } };
}

const cases: VjpCase[] = [
  ...ops.flatMap((op) => [
    reduced(op, [2, 3, 4], [1], 1),
    reduced(op, [2, 3, 4], [-1, 0], 0),
    reduced(op, [3, 2], undefined, 1),
    reduced(op, [3, 2], undefined, 0),
    { ...reduced(op, [2, 3, 4], [0, 2], 0), symbolicBatch: [0] },
    { ...reduced(op, [2, 3, 2, 2], [-1, -2], 1), symbolicBatch: [0] },
  ]),
  { op: 'ReduceSum', inputs: [{ shape: [2, 3] }], attributes: { noop_with_empty_axes: 1 } },
  { op: 'ReduceSum', inputs: [{ shape: [2, 3] }, { ints: [] }], attributes: { noop_with_empty_axes: 1, keepdims: 0 } },
  { op: 'ReduceSum', inputs: [{ shape: [2, 3] }, { ints: [] }], attributes: { keepdims: 0 } },
  ...['ReduceL1', 'ReduceL2', 'ReduceSumSquare', 'ReduceLogSumExp', 'ReduceMax', 'ReduceMin'].map((op): VjpCase => ({
    op,
    inputs: [{ shape: [2, 3], values: [-0.9, 0.3, -0.5, 1.2, -0.2, 0.7] }],
    attributes: { axes: [1] },
  })),
  {
    // One zero, two zeros and none.
    op: 'ReduceProd',
    inputs: [{ shape: [3, 3], values: [0, 0.5, -2, 0, 0, 3, 0.5, -1, 2] }],
    attributes: { axes: [1], keepdims: 0 },
  },
];

/** Gradient of Σ op(x, axis 1) by x [N, 3]. */
async function gradientOfRows(op: string, data: number[]) {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['N', 3]);
  b.output(gradients(b, b.op(op, ['x'], { axes: [1] }), ['x']).get('x') as string, 'd');
  return (await outputsOf(b, { x: { dims: [data.length / 3, 3], data } }))['d'];
}

describe('gradients(…) of reductions', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(reduceRules, cases)).toEqual([]));

  it("shares the gradient among equal largest elements, as PyTorch's amax does", async () => {
    expect(await gradientOfRows('ReduceMax', [1, 2, 2, 3, 1, 1])).toEqual([0, 0.5, 0.5, 1, 0, 0]);
    expect(await gradientOfRows('ReduceMin', [1, 2, 2, 3, 1, 1])).toEqual([1, 0, 0, 0, 0.5, 0.5]);
  });

  it('is zero, not NaN, where a norm is zero', async () => {
    expect(await gradientOfRows('ReduceL2', [0, 0, 0, 3, 0, 4])).toEqual([0, 0, 0, ...[0.6, 0, 0.8].map(Math.fround)]);
  });

  it('sums over axes that are only known at run time where they are kept, and refuses those that are not', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 3]);
    b.input('axis', 'float32', [1]);
    b.input('r', 'float32', ['N', 1]);
    const axes = b.op('Cast', ['axis'], { to: INT64 });
    b.output(gradients(b, b.op('ReduceSum', ['x', axes]), ['x'], { cotangent: 'r' }).get('x') as string, 'd');
    const rows = { x: { dims: [2, 3], data: [1, 2, 3, 4, 5, 6] }, r: { dims: [2, 1], data: [5, 7] } };
    expect(await outputsOf(b, { ...rows, axis: { dims: [1], data: [1] } })).toEqual({ d: [5, 5, 5, 7, 7, 7] });
    const y = b.op('ReduceSum', ['x', axes], { keepdims: 0 }, 'sum');
    expect(() => gradients(b, y, ['x'], { cotangent: 'x' })).toThrow(
      'ReduceSum "sum": differentiating needs constant axes',
    );
  });
});
