import { describe, expect, it } from 'vitest';
import { float, type AttributeValue } from '../../../graph/attributes.js';
import { GraphBuilder } from '../../../build/build.js';
import { activationRules } from './activation.js';
import { caseLabel, checkVjp, outputsOf, uncheckedOps, type VjpCase } from '../../check.test.helper.js';
import { gradients } from '../../walk.js';

/** Values on every piece of every function here, at least 0.1 from where pieces meet. */
const pieces = {
  shape: [2, 6],
  values: [-4.2, -3.3, -2.6, -1.7, -0.8, -0.3, 0.2, 0.7, 1.3, 2.2, 2.8, 3.4],
};

const settings: Record<string, readonly Record<string, AttributeValue>[]> = {
  Celu: [{}, { alpha: float(0.5) }],
  Elu: [{}, { alpha: float(0.3) }],
  HardSigmoid: [{}, { alpha: float(1 / 6), beta: float(0.5) }, { alpha: float(0.25), beta: float(0.4) }],
  HardSwish: [{}],
  Selu: [{}, { alpha: float(1.5), gamma: float(0.7) }],
  Shrink: [{}, { lambd: float(1.5), bias: float(1) }],
  Softsign: [{}],
  ThresholdedRelu: [{}, { alpha: float(0.5) }],
};

const single = new Set(['Celu', 'Shrink']);

const cases: VjpCase[] = [
  ...Object.entries(settings).flatMap(([op, list]) =>
    list.flatMap((attributes): VjpCase[] => [
      { op, inputs: [pieces], attributes, singlePrecision: single.has(op) },
      {
        op,
        inputs: [{ ...pieces, shape: [3, 2, 2] }],
        attributes,
        symbolicBatch: [0],
        singlePrecision: single.has(op),
      },
    ]),
  ),
  { op: 'PRelu', inputs: [pieces, { shape: [6] }] },
  { op: 'PRelu', inputs: [{ ...pieces, shape: [3, 2, 2] }, { shape: [2, 1] }], symbolicBatch: [0] },
  { op: 'PRelu', inputs: [pieces, { shape: [] }] },
];

describe('gradients(…) of activations', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(activationRules, cases)).toEqual([]));

  it.each([
    // torch 2.13, torch.autograd.grad(f(x).sum(), x) at −3, 0 and 3
    ['Elu', {}, [Math.exp(-3), 1, 1]],
    ['Celu', {}, [Math.exp(-3), 1, 1]],
    ['HardSwish', {}, [-0.5, 0.5, 1.5]],
    ['HardSigmoid', { alpha: float(1 / 6), beta: float(0.5) }, [0, 1 / 6, 0]],
  ] as const)("takes PyTorch's choice where pieces of %s meet", async (op, attributes, expected) => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [3]);
    b.output(gradients(b, b.op(op, ['x'], attributes), ['x']).get('x') as string, 'd');
    const { d } = await outputsOf(b, { x: { dims: [3], data: [-3, 0, 3] } });
    expect(d).toEqual(expected.map((value) => expect.closeTo(value, 6)));
  });
});
