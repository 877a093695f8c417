import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../build/build.js';
import { caseLabel, checkVjp, outputsOf, uncheckedOps, type VjpCase } from '../check.test.helper.js';
import { indexingRules } from './indexing.js';
import { gradients } from '../walk.js';

const updates = { shape: [2, 2] };

const cases: VjpCase[] = [
  { op: 'Gather', inputs: [{ shape: [4, 3] }, { ints: [1, 3, 1] }] },
  {
    op: 'Gather',
    inputs: [{ shape: [2, 4, 3] }, { ints: [0, -1, 2, 0], shape: [2, 2] }],
    attributes: { axis: 1 },
    symbolicBatch: [0],
  },
  { op: 'Gather', inputs: [{ shape: [2, 4] }, { ints: [2], shape: [] }], attributes: { axis: -1 }, symbolicBatch: [0] },
  { op: 'Gather', inputs: [{ shape: [3, 4] }, { ints: [1, 1], shape: [1, 2] }], symbolicBatch: [0] },
  ...['DCR', 'CRD'].flatMap((mode): VjpCase[] => [
    { op: 'DepthToSpace', inputs: [{ shape: [2, 8, 2, 3] }], attributes: { blocksize: 2, mode }, symbolicBatch: [0] },
    { op: 'DepthToSpace', inputs: [{ shape: [1, 18, 2, 1] }], attributes: { blocksize: 3, mode } },
  ]),
  { op: 'SpaceToDepth', inputs: [{ shape: [2, 3, 4, 6] }], attributes: { blocksize: 2 }, symbolicBatch: [0] },
  { op: 'SpaceToDepth', inputs: [{ shape: [1, 2, 3, 9] }], attributes: { blocksize: 3 } },
  { op: 'GatherElements', inputs: [{ shape: [3, 4] }, { ints: [0, 2, 2, -1, 1, 0], shape: [2, 3] }] },
  {
    op: 'GatherElements',
    inputs: [{ shape: [2, 3, 2] }, { ints: [2, 0, 0, 0, 1, 1, 1, 1], shape: [2, 2, 2] }],
    attributes: { axis: 1 },
  },
  { op: 'GatherND', inputs: [{ shape: [3, 4] }, { ints: [0, 1, 2, 3, 0, 1], shape: [3, 2] }] },
  { op: 'GatherND', inputs: [{ shape: [3, 4] }, { ints: [2, 0, 2], shape: [3, 1] }] },
  { op: 'ScatterElements', inputs: [{ shape: [3, 2] }, { ints: [0, 2, 2, 1], shape: [2, 2] }, updates] },
  {
    op: 'ScatterElements',
    inputs: [{ shape: [2, 4] }, { ints: [0, 3, 1, 1], shape: [2, 2] }, updates],
    attributes: { axis: 1, reduction: 'add' },
  },
  { op: 'ScatterND', inputs: [{ shape: [4, 2] }, { ints: [3, 1], shape: [2, 1] }, updates] },
  {
    op: 'ScatterND',
    inputs: [{ shape: [4, 2] }, { ints: [3, 3], shape: [2, 1] }, updates],
    attributes: { reduction: 'add' },
  },
  { op: 'Split', inputs: [{ shape: [2, 6] }], attributes: { axis: 1 }, outputs: 3, symbolicBatch: [0] },
  { op: 'Split', inputs: [{ shape: [5, 2, 3] }, { ints: [1, 4] }], outputs: 2 },
  { op: 'Split', inputs: [{ shape: [2, 5] }, { ints: [3, 0, 2] }], attributes: { axis: -1 }, outputs: 3 },
  { op: 'Tile', inputs: [{ shape: [2, 3] }, { ints: [2, 1] }] },
  { op: 'Tile', inputs: [{ shape: [2, 1, 3] }, { ints: [1, 4, 2] }], symbolicBatch: [0] },
  { op: 'Tile', inputs: [{ shape: [1, 1, 3] }, { ints: [3, 2, 1] }] },
  { op: 'Tile', inputs: [{ shape: [2, 3, 2] }, { ints: [2, 3, 2] }] },
  { op: 'TopK', inputs: [{ shape: [2, 5] }, { ints: [3] }], outputs: 2, symbolicBatch: [0] },
  { op: 'TopK', inputs: [{ shape: [4, 3] }, { ints: [2] }], attributes: { axis: 0, largest: 0 }, outputs: 2 },
  ...[0, 1].flatMap((exclusive) =>
    [0, 1].map((reverse): VjpCase => ({
      op: 'CumSum',
      inputs: [{ shape: [2, 4, 3] }, { ints: [1], shape: [] }],
      attributes: { exclusive, reverse },
      symbolicBatch: [0],
    })),
  ),
  {
    op: 'MaxUnpool',
    inputs: [{ shape: [1, 2, 2, 2] }, { ints: [0, 3, 9, 14, 17, 18, 25, 31], shape: [1, 2, 2, 2] }],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  { op: 'ReverseSequence', inputs: [{ shape: [4, 2, 3] }, { ints: [4, 2] }] },
  {
    op: 'ReverseSequence',
    inputs: [{ shape: [2, 4, 3] }, { ints: [3, 1] }],
    attributes: { batch_axis: 0, time_axis: 1 },
  },
  { op: 'Trilu', inputs: [{ shape: [2, 4, 3] }], symbolicBatch: [0] },
  { op: 'Trilu', inputs: [{ shape: [3, 4] }, { ints: [1], shape: [] }], attributes: { upper: 0 } },
];

describe('gradients(…) of operators that pick and place elements', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(indexingRules, cases)).toEqual([]));

  it('joins the gradients of all parts of a Split', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 5]);
    const [first, second, third] = b.ops('Split', ['x', b.ints([1, 2, 2])], 3, { axis: 1 }) as [string, string, string];
    const score = b.add(b.mul(first, b.scalar(2)), b.mul(third, third));
    b.output(gradients(b, score, ['x']).get('x') as string, 'd');
    const results = await outputsOf(b, { x: { dims: [1, 5], data: [1, 2, 3, 4, 5] } });
    expect(second).not.toBe(third);
    // The first part is broadcast over the third's two columns.
    expect(results['d']).toEqual([4, 0, 0, 8, 10]);
  });

  it('repeats a value of size 1 as often as there are pictures', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 3, 4]);
    b.input('token', 'float32', [1, 1, 4]);
    const batch = b.op('Shape', ['x'], { start: 0, end: 1 });
    const repeats = b.op('Concat', [batch, b.ints([1, 1])], { axis: 0 });
    const tokens = b.op('Concat', [b.op('Tile', ['token', repeats]), 'x'], { axis: 1 });
    expect(b.shape(tokens)).toEqual(['N', 4, 4]);
    expect(b.shape(gradients(b, tokens, ['token']).get('token') as string)).toEqual([1, 1, 4]);
  });

  it('refuses what it cannot tell, naming the node', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 3]);
    b.input('repeats', 'int64', [2]);
    const indices = b.op('Cast', ['x'], { to: 7 });
    const refused: [string, string][] = [
      [b.op('Tile', ['x', 'repeats'], {}, 'tile'), 'Tile "tile": differentiating needs constant repeats'],
      [
        b.op('ScatterElements', ['x', indices, 'x'], { reduction: 'mul' }, 'scatter'),
        'ScatterElements "scatter": cannot be differentiated (attribute reduction: expected none or add; got mul)',
      ],
      [
        b.op('GatherND', ['x', indices], { batch_dims: 1 }, 'gather'),
        'GatherND "gather": cannot be differentiated (attribute batch_dims: expected 0)',
      ],
    ];
    for (const [value, message] of refused) expect(() => gradients(b, value, ['x'])).toThrow(message);
  });
});
