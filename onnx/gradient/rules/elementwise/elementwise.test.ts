import { describe, expect, it } from 'vitest';
import { float } from '../../../graph/attributes.js';
import { GraphBuilder } from '../../../build/build.js';
import { caseLabel, checkVjp, outputsOf, uncheckedOps, type VjpCase } from '../../check.test.helper.js';
import { elementwiseRules } from './elementwise.js';
import { gradients } from '../../walk.js';

/** ONNX type code. */
const FLOAT64 = 11;
const positive = [0.5, 2] as const;

/** Values at least 0.1 away from 0, ±0.5 and each other. */
const apart = { shape: [2, 3], values: [-0.9, -0.3, 0.2, 0.35, 0.75, 1.2] };

const unaryCases = (ops: readonly string[], range?: readonly [number, number]): VjpCase[] =>
  ops.flatMap((op) => [
    { op, inputs: [{ shape: [2, 3, 4], ...(range ? { range } : { range: [0.1, 2] as const }) }] },
    { op, inputs: [{ shape: [3, 2], ...(range ? { range } : { range: [-2, -0.1] as const }) }], symbolicBatch: [0] },
  ]);

/** Pairs of shapes that broadcast in every way. */
const broadcasts = [
  [
    [2, 3],
    [2, 3],
  ],
  [
    [2, 3, 4],
    [3, 1],
  ],
  [
    [1, 4],
    [3, 1],
  ],
  [[], [2, 2]],
  [[2, 1, 3], [1]],
] as const;

const binaryCases = (op: string, range: readonly [number, number]): VjpCase[] => [
  ...broadcasts.map(([a, c]) => ({
    op,
    inputs: [
      { shape: a, range },
      { shape: c, range },
    ],
  })),
  {
    op,
    inputs: [
      { shape: [2, 3], range },
      { shape: [1, 3], range },
    ],
    symbolicBatch: [0],
  },
  {
    op,
    inputs: [
      { shape: [3], range },
      { shape: [2, 3], range },
    ],
    symbolicBatch: [1],
  },
];

const cases: VjpCase[] = [
  ...unaryCases(['Abs', 'Exp', 'Identity', 'LeakyRelu', 'Neg', 'Reciprocal', 'Relu', 'Sigmoid', 'Softplus', 'Tanh']),
  ...unaryCases(['Log', 'Sqrt'], positive),
  ...['Add', 'Sub', 'Mul'].flatMap((op) => binaryCases(op, [-1, 1])),
  ...['Div', 'Pow'].flatMap((op) => binaryCases(op, positive)),
  { op: 'LeakyRelu', inputs: [apart], attributes: { alpha: float(0.2) } },
  { op: 'LeakyRelu', inputs: [apart], attributes: { alpha: float(-0.5) } },
  {
    op: 'Pow',
    inputs: [
      { shape: [2, 2], values: [-1.5, 0, 0.5, 2] },
      { ints: [2], shape: [] },
    ],
  },
  { op: 'Pow', inputs: [{ shape: [4], values: [-1.5, 0.7, 0, 2] }, { ints: [3, 0, 0, 1] }] },
  { op: 'Sum', inputs: [{ shape: [2, 3] }, { shape: [3] }, { shape: [2, 1] }] },
  { op: 'Sum', inputs: [{ shape: [2, 3] }] },
  { op: 'Mean', inputs: [{ shape: [2, 3] }, { shape: [3] }, { shape: [2, 1] }] },
  { op: 'Mean', inputs: [{ shape: [2, 3] }], symbolicBatch: [0] },
  {
    op: 'Mod',
    inputs: [
      { shape: [2, 3], values: [-2.3, -0.9, 0.4, 1.6, 2.2, 3.7] },
      { shape: [3], values: [0.7, -0.5, 1.2] },
    ],
    attributes: { fmod: 1 },
  },
  { op: 'Mod', inputs: [{ ...apart }, { shape: [], values: [0.23] }], attributes: { fmod: 1 }, symbolicBatch: [0] },
  ...['Max', 'Min'].flatMap((op): VjpCase[] => [
    { op, inputs: [apart, { shape: [3], values: [-0.6, 0, 0.5] }] },
    { op, inputs: [apart, { shape: [2, 1], values: [0, 0.6] }, { shape: [], values: [0.1] }], symbolicBatch: [0] },
    { op, inputs: [apart] },
  ]),
  ...[
    [
      { shape: [], values: [-0.5] },
      { shape: [], values: [0.5] },
    ],
    [{ shape: [], values: [-0.5] }],
    [null, { shape: [], values: [0.5] }],
    [],
  ].map((bounds): VjpCase => ({ op: 'Clip', inputs: [apart, ...bounds], symbolicBatch: [0] })),
  { op: 'Where', inputs: [{ bools: [1, 0, 1], shape: [3] }, { shape: [2, 3] }, { shape: [2, 1] }] },
  { op: 'Where', inputs: [{ bools: [1, 0], shape: [2, 1] }, { shape: [] }, { shape: [2, 3] }], symbolicBatch: [2] },
  { op: 'Cast', inputs: [{ shape: [2, 3] }], attributes: { to: FLOAT64 } },
  { op: 'Dropout', inputs: [{ shape: [2, 3] }] },
  {
    op: 'Dropout',
    inputs: [{ shape: [2, 3] }, { shape: [], values: [0.3] }, { bools: [0], shape: [] }],
    outputs: 2,
    wrt: [0],
  },
];

/** Gradients of Σ op(x0, x1, …) by vectors, or null. */
async function gradientsOf(op: string, vectors: number[][], attributes: VjpCase['attributes'] = {}) {
  const b = new GraphBuilder();
  const names = vectors.map((values, index) => b.input(`x${index}`, 'float32', [values.length]));
  const found = [...gradients(b, b.op(op, names, attributes), names).values()];
  found.forEach((gradient, index) => gradient && b.output(gradient, `d${index}`));
  const feeds = vectors.map((data, index) => [`x${index}`, { dims: [data.length], data }] as const);
  const results = await outputsOf(b, Object.fromEntries(feeds));
  return found.map((gradient, index) => gradient && results[`d${index}`]);
}

describe('gradients(…) of element-wise operators', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(elementwiseRules, cases)).toEqual([]));

  it('shares the gradient of a maximum or minimum among equal inputs, as PyTorch does', async () => {
    expect(
      await gradientsOf('Max', [
        [1, 2, 0],
        [1, 0, 3],
      ]),
    ).toEqual([
      [0.5, 1, 0],
      [0.5, 0, 1],
    ]);
    expect(await gradientsOf('Min', [[1], [1], [2]])).toEqual([[0.5], [0.5], [0]]);
  });

  it("takes PyTorch's choice at kinks", async () => {
    expect(await gradientsOf('Relu', [[-1, 0, 1]])).toEqual([[0, 0, 1]]);
    expect(await gradientsOf('LeakyRelu', [[-1, 0, 1]], { alpha: float(0.25) })).toEqual([[0.25, 0.25, 1]]);
    expect(await gradientsOf('Abs', [[-1, 0, 1]])).toEqual([[-1, 0, 1]]);
  });

  it('keeps the gradient at the bounds of Clip', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [5]);
    const y = b.op('Clip', ['x', b.scalar(-1), b.scalar(1)]);
    b.output(gradients(b, y, ['x']).get('x') as string, 'd');
    const results = await outputsOf(b, { x: { dims: [5], data: [-2, -1, 0, 1, 2] } });
    expect(results['d']).toEqual([0, 1, 1, 1, 0]);
  });

  it('keeps Pow finite at a base of zero and an exponent of zero', async () => {
    expect(
      await gradientsOf('Pow', [
        [0, 0, 2],
        [2, 0, 0],
      ]),
    ).toEqual([
      [0, 0, 0],
      [0, 0, Math.fround(Math.log(2))],
    ]);
  });

  it('does not pass through integers', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [3]);
    const [INT64, FLOAT] = [7, 1];
    const rounded = b.op('Cast', [b.op('Cast', ['x'], { to: INT64 })], { to: FLOAT });
    expect(gradients(b, rounded, ['x']).get('x')).toBeNull();
  });

  it.each([
    [0.25, 1 / 0.75],
    [undefined, 2],
  ])('follows the mask of Dropout in training mode (ratio %s), and asks for one', async (ratio, factor) => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [64]);
    const inputs = ['x', ratio === undefined ? '' : b.scalar(ratio), b.scalar(1, 'bool')];
    const [y] = b.ops('Dropout', inputs, 2) as [string];
    b.output(gradients(b, y, ['x']).get('x') as string, 'd');
    b.output(y, 'y');
    const { d, y: dropped } = await outputsOf(b, { x: { dims: [64], data: Array.from({ length: 64 }, () => 1) } });
    expect(new Set(d)).toEqual(new Set([0, Math.fround(factor)]));
    expect(d).toEqual(dropped);
    expect(() => gradients(b, b.op('Dropout', inputs, {}, 'blind'), ['x'])).toThrow(
      'Dropout "blind": cannot be differentiated (training_mode needs to be constant, with a mask)',
    );
  });

  it('types the gradients of float16 and float64 models', () => {
    for (const type of ['float16', 'float64'] as const) {
      for (const op of ['LeakyRelu', 'Sigmoid', 'Sqrt', 'Tanh', 'Relu']) {
        const b = new GraphBuilder();
        b.input('x', type, ['N', 3]);
        expect(b.type(gradients(b, b.op(op, ['x']), ['x']).get('x') as string)).toEqual({ type, shape: ['N', 3] });
      }
    }
  });
});
