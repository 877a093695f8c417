import { describe, expect, it } from 'vitest';
import { float } from '../attributes.js';
import { GraphBuilder } from '../build.js';
import { caseLabel, checkVjp, uncheckedOps, type VjpCase } from './check.node.js';
import { normRules } from './norm.js';
import { gradients } from './walk.js';

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
  ...['Softmax', 'LogSoftmax'].flatMap((op): VjpCase[] => [
    { op, inputs: [{ shape: [3, 5] }] },
    { op, inputs: [{ shape: [2, 3, 4], range: [-3, 3] }], attributes: { axis: 1 }, symbolicBatch: [0] },
    { op, inputs: [{ shape: [2, 3, 2, 2] }], attributes: { axis: -3 } },
  ]),
];

describe('gradients(…) of normalizations', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(normRules, cases)).toEqual([]));

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
