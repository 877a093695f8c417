import { describe, expect, it } from 'vitest';
import { float, type AttributeValue } from '../../graph/attributes.js';
import { GraphBuilder } from '../../build/build.js';
import { caseLabel, checkVjp, uncheckedOps, type VjpCase } from '../check.test.helper.js';
import { normRules } from './norm.js';
import { gradients } from '../walk.js';

const statistics = (channels: number) => [
  { shape: [channels], range: [0.5, 2] as const },
  { shape: [channels] },
  { shape: [channels] },
  { shape: [channels], range: [0.2, 2] as const },
];

const cases: VjpCase[] = [
  { op: 'BatchNormalization', inputs: [{ shape: [2, 3, 4, 5] }, ...statistics(3)] },
  { op: 'BatchNormalization', inputs: [{ shape: [4, 3] }, ...statistics(3)], attributes: { epsilon: float(0.1) } },
  { op: 'BatchNormalization', inputs: [{ shape: [2, 1, 3, 3] }, ...statistics(1)], symbolicBatch: [0] },
  { op: 'BatchNormalization', inputs: [{ shape: [1, 2, 5] }, ...statistics(2)], wrt: [0] },
  { op: 'BatchNormalization', inputs: [{ shape: [1, 2, 2, 3, 2] }, ...statistics(2)], wrt: [1, 4] },
  ...[
    { shape: [2, 3, 4, 5], epsilon: 1e-5 },
    { shape: [1, 4, 7], epsilon: 0.1 },
    { shape: [2, 2, 3, 2, 3], epsilon: 1e-3 },
  ].map(({ shape, epsilon }, index): VjpCase => ({
    op: 'InstanceNormalization',
    inputs: [{ shape }, { shape: [shape[1] as number], range: [0.5, 2] }, { shape: [shape[1] as number] }],
    attributes: { epsilon: float(epsilon) },
    symbolicBatch: index === 1 ? [] : [0],
  })),
  { op: 'LayerNormalization', inputs: [{ shape: [2, 3, 6] }, { shape: [6] }, { shape: [6] }], symbolicBatch: [0] },
  { op: 'LayerNormalization', inputs: [{ shape: [4, 5] }, { shape: [5] }], attributes: { epsilon: float(0.1) } },
  {
    op: 'LayerNormalization',
    inputs: [{ shape: [2, 3, 2, 4] }, { shape: [3, 2, 4] }, { shape: [3, 2, 4] }],
    attributes: { axis: 1 },
    outputs: 3,
  },
  { op: 'LayerNormalization', inputs: [{ shape: [2, 3, 4] }, { shape: [3, 4] }], attributes: { axis: -2 }, wrt: [0] },
  ...[
    { shape: [2, 7, 3, 4], attributes: { size: 5, alpha: float(0.5), beta: float(0.75), bias: float(1) } },
    { shape: [1, 8, 2, 3], attributes: { size: 7, alpha: float(0.3), beta: float(0.6), bias: float(2) } },
    { shape: [2, 3, 5, 2], attributes: { size: 3, alpha: float(0.8) } },
    { shape: [2, 2, 3, 3], attributes: { size: 5, alpha: float(1) } },
    { shape: [2, 4, 3, 3], attributes: { size: 1, alpha: float(2) } },
  ].map(({ shape, attributes }, index): VjpCase => ({
    op: 'LRN',
    inputs: [{ shape, range: [-2, 2] }],
    attributes: attributes as Record<string, AttributeValue>,
    symbolicBatch: index % 2 ? [] : [0],
  })),
  ...['Softmax', 'LogSoftmax'].flatMap((op): VjpCase[] => [
    { op, inputs: [{ shape: [3, 5] }] },
    { op, inputs: [{ shape: [2, 3, 4], range: [-3, 3] }], attributes: { axis: 1 }, symbolicBatch: [0] },
    { op, inputs: [{ shape: [2, 3, 2, 2] }], attributes: { axis: -3 } },
  ]),
];

describe('gradients(…) of normalizations', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(normRules, cases)).toEqual([]));

  it('refuses layer normalization whose statistics are used', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 3]);
    const [y, mean] = b.ops('LayerNormalization', [x, b.input('scale', 'float32', [3])], 2, {}, 'normal');
    expect(() => gradients(b, b.add(y as string, mean as string), ['x'])).toThrow(
      'LayerNormalization "normal": cannot be differentiated (its mean and standard deviation are used as outputs)',
    );
  });

  it('refuses batch normalization in training mode', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 3]);
    const rest = ['scale', 'bias', 'mean', 'variance'].map((name) => b.input(name, 'float32', [3]));
    b.ops('BatchNormalization', [x, ...rest], 3, { training_mode: 1 }, 'normal');
    expect(() => gradients(b, 'normal', ['x'])).toThrow(
      'BatchNormalization "normal": cannot be differentiated (training_mode=1: write it as primitives)',
    );
  });
});
