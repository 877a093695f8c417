import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../build/build.js';
import { float32Tensor } from '../../graph/tensor.js';
import { caseLabel, checkVjp, outputsOf, uncheckedOps, type VjpCase } from '../check.test.helper.js';
import { movementRules } from './movement.js';
import { gradients } from '../walk.js';

const END = 2 ** 31 - 1;

/** x[starts:ends:steps] along axes. */
function sliced(
  shape: readonly number[],
  starts: number[],
  ends: number[],
  axes?: number[],
  steps?: number[],
): VjpCase {
  const options = steps ? [axes ? { ints: axes } : null, { ints: steps }] : axes ? [{ ints: axes }] : [];
  return { op: 'Slice', inputs: [{ shape }, { ints: starts }, { ints: ends }, ...options] };
}

const padded = (mode: string, shape: readonly number[], pads: number[]): VjpCase => ({
  op: 'Pad',
  inputs: [{ shape }, { ints: pads }],
  attributes: { mode },
});

const cases: VjpCase[] = [
  { op: 'Reshape', inputs: [{ shape: [2, 3, 4] }, { ints: [4, -1] }] },
  { op: 'Reshape', inputs: [{ shape: [2, 3, 4] }, { ints: [0, 12] }], symbolicBatch: [0] },
  { op: 'Reshape', inputs: [{ shape: [2, 3, 4] }, { ints: [-1] }], symbolicBatch: [0] },
  { op: 'Flatten', inputs: [{ shape: [2, 3, 4] }], symbolicBatch: [0] },
  { op: 'Flatten', inputs: [{ shape: [2, 3, 4] }], attributes: { axis: -1 }, symbolicBatch: [0] },
  { op: 'Flatten', inputs: [{ shape: [2, 3] }], attributes: { axis: 0 } },
  { op: 'Transpose', inputs: [{ shape: [2, 3, 4] }] },
  { op: 'Transpose', inputs: [{ shape: [2, 3, 4] }], attributes: { perm: [1, 2, 0] }, symbolicBatch: [0] },
  { op: 'Squeeze', inputs: [{ shape: [2, 1, 3, 1] }] },
  { op: 'Squeeze', inputs: [{ shape: [2, 1, 3, 1] }, { ints: [-1] }], symbolicBatch: [0] },
  { op: 'Unsqueeze', inputs: [{ shape: [2, 3] }, { ints: [0, -1] }], symbolicBatch: [0] },
  { op: 'Expand', inputs: [{ shape: [3, 1] }, { ints: [2, 1, 4] }] },
  { op: 'Expand', inputs: [{ shape: [] }, { ints: [2, 3] }] },
  {
    op: 'Concat',
    inputs: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 2] }],
    attributes: { axis: -1 },
    symbolicBatch: [0, 1, 2],
  },
  { op: 'Concat', inputs: [{ shape: [2, 3] }, { shape: [1, 3] }], attributes: { axis: 0 }, wrt: [1] },
  {
    op: 'Concat',
    inputs: [{ shape: [2, 3] }, { shape: [1, 3] }, { shape: [2, 3] }],
    attributes: { axis: 0 },
    symbolicBatch: [0, 2],
  },
  sliced([4, 5], [1], [3]),
  sliced([4, 5], [1, -2], [END, END], [0, 1]),
  sliced([4, 5], [-3], [-1], [-1]),
  sliced([3, 7], [1], [6], [1], [2]),
  sliced([3, 7, 4], [-1, 0], [-END, 3], [1, 2], [-3, 2]),
  sliced([4], [END], [-END], [0], [-1]),
  { ...sliced([4, 5], [0, 1], [END, 4], [0, 1], [1, 1]), symbolicBatch: [0] },
  { ...sliced([4, 5], [1], [3]), symbolicBatch: [0] },
  { ...sliced([5, 4], [-1, 1], [-END, 3], [0, 1], [-2, 1]), symbolicBatch: [0] },
  padded('constant', [2, 3], [1, 0, 0, 2]),
  padded('constant', [4, 5], [-1, 2, 1, -2]),
  { ...padded('constant', [2, 3, 4], [0, 1, 2, 0, 3, 0]), symbolicBatch: [0] },
  { op: 'Pad', inputs: [{ shape: [2, 3] }, { ints: [1, 0, 1, 2] }, { shape: [] }] },
  { ...padded('reflect', [2, 1, 4, 5], [0, 0, 2, 1, 0, 0, 3, 4]), symbolicBatch: [0] },
  { ...padded('edge', [2, 3, 4], [0, 2, 1, 0, 0, 3]), symbolicBatch: [0] },
];

describe('gradients(…) of operators that move elements', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(movementRules, cases)).toEqual([]));

  it('differentiates resizing by scales and padding of pictures whose sizes are symbolic', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 1, 'H', 'W']);
    const scales = b.initializer('scales', float32Tensor([1, 1, 2, 3], [4]));
    const modes = { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
    const bordered = b.op('Pad', ['x', b.ints([0, 0, 1, 0, 0, 0, 0, 1])], {}, 'padded');
    const gradient = gradients(b, b.op('Resize', [bordered, '', scales], modes), ['x']).get('x') as string;
    expect(b.shape(gradient)).toEqual(['N', 1, 'H', 'W']);
    b.output(gradient, 'd');
    const { d } = await outputsOf(b, { x: { dims: [1, 1, 1, 2], data: [1, 2] } });
    expect(d).toEqual([6, 6].map((value) => expect.closeTo(value, 4)));
  });
});
