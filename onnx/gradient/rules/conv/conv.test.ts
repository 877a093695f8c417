import { describe, expect, it } from 'vitest';
import { caseLabel, checkVjp, uncheckedOps, type VjpCase } from '../../check.test.helper.js';
import { GraphBuilder } from '../../../build/build.js';
import { gradients } from '../../walk.js';
import { convRules } from './conv.js';

type Attributes = Record<string, number | string | readonly number[]>;

/** Input, weights and the attributes beside kernel_shape; the bias has `filters` elements. */
const convolution = (
  op: 'Conv' | 'ConvTranspose',
  shape: readonly number[],
  weights: readonly number[],
  attributes: Attributes = {},
  more: Partial<VjpCase> = {},
): VjpCase => {
  const filters = op === 'Conv' ? (weights[0] as number) : (weights[1] as number) * Number(attributes['group'] ?? 1);
  return { op, inputs: [{ shape }, { shape: weights }, { shape: [filters] }], attributes, ...more };
};

const batch = { symbolicBatch: [0] };

const cases: VjpCase[] = [
  // 1-D
  convolution('Conv', [2, 3, 8], [4, 3, 3]),
  convolution('Conv', [2, 2, 9], [3, 2, 4], { strides: [3], pads: [1, 2] }, batch),
  convolution('Conv', [2, 4, 9], [4, 2, 2], { strides: [2], dilations: [3], group: 2 }),
  // 2-D, strides 1, 2, 3 over odd and even sizes
  convolution('Conv', [2, 3, 5, 6], [4, 3, 3, 3], {}, batch),
  convolution('Conv', [2, 3, 8, 8], [4, 3, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }, batch),
  convolution('Conv', [2, 3, 7, 9], [2, 3, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  convolution('Conv', [1, 2, 10, 11], [3, 2, 3, 2], { strides: [3, 3] }),
  convolution('Conv', [1, 2, 9, 8], [3, 2, 2, 1], { strides: [3, 2] }),
  convolution('Conv', [1, 2, 6, 7], [3, 2, 3, 2], { strides: [1, 2], pads: [0, 2, 1, 0] }),
  convolution('Conv', [1, 2, 9, 9], [3, 2, 3, 3], { dilations: [2, 3], pads: [2, 1, 0, 3] }),
  convolution('Conv', [1, 2, 9, 10], [3, 2, 3, 2], { dilations: [2, 3], strides: [2, 3], pads: [1, 1, 1, 1] }, batch),
  // Whole picture as the window, and 1×1
  convolution('Conv', [3, 2, 4, 4], [1, 2, 4, 4], {}, batch),
  convolution('Conv', [2, 3, 4, 3], [5, 3, 1, 1], { strides: [2, 2] }),
  // Groups, down to one channel each
  convolution('Conv', [2, 4, 6, 5], [6, 2, 3, 3], { group: 2, strides: [2, 1], pads: [1, 0, 2, 1] }, batch),
  convolution('Conv', [2, 3, 7, 7], [3, 1, 3, 3], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }, batch),
  convolution('Conv', [1, 3, 8, 7], [6, 1, 2, 3], { group: 3, strides: [3, 2] }),
  convolution('Conv', [1, 2, 9, 9], [4, 1, 2, 2], { group: 2, dilations: [3, 2], strides: [2, 2] }),
  // Automatic padding
  convolution('Conv', [1, 2, 7, 8], [3, 2, 3, 4], { auto_pad: 'SAME_UPPER', strides: [2, 3] }, batch),
  convolution('Conv', [1, 2, 8, 7], [3, 2, 4, 2], { auto_pad: 'SAME_LOWER', strides: [2, 2] }),
  convolution('Conv', [1, 2, 6, 6], [3, 2, 3, 3], { auto_pad: 'VALID', strides: [2, 2] }),
  { op: 'Conv', inputs: [{ shape: [2, 3, 5, 5] }, { shape: [4, 3, 3, 3] }] },
  { op: 'Conv', inputs: [{ shape: [2, 3, 5, 5] }, { shape: [4, 3, 3, 3] }], wrt: [0], ...batch },
  { op: 'Conv', inputs: [{ shape: [2, 3, 5, 5] }, { shape: [4, 3, 3, 3] }], wrt: [1], ...batch },
  // 3-D
  convolution('Conv', [1, 2, 4, 5, 4], [3, 2, 2, 3, 2], { strides: [2, 2, 1], pads: [0, 1, 0, 0, 1, 1] }),
  // Windows of 73 MB, laid out in two parts of the batch
  convolution('Conv', [11, 8, 64, 64], [2, 8, 8, 8]),

  convolution('ConvTranspose', [2, 3, 5], [3, 2, 3], {}, batch),
  convolution('ConvTranspose', [2, 3, 5], [3, 2, 4], { strides: [3], pads: [1, 0], output_padding: [1] }),
  convolution('ConvTranspose', [2, 3, 4, 4], [3, 2, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }, batch),
  convolution('ConvTranspose', [2, 5, 1, 1], [5, 3, 4, 4], {}, batch),
  convolution('ConvTranspose', [1, 2, 3, 4], [2, 3, 3, 3], {
    strides: [2, 2],
    pads: [1, 0, 0, 2],
    output_padding: [1, 1],
  }),
  convolution('ConvTranspose', [1, 2, 3, 4], [2, 3, 2, 3], { strides: [3, 2], dilations: [2, 1] }),
  convolution('ConvTranspose', [1, 2, 3, 3], [2, 1, 2, 2], { strides: [3, 3], output_padding: [2, 1] }, batch),
  convolution('ConvTranspose', [2, 4, 3, 4], [4, 2, 3, 3], { group: 2, strides: [2, 1], pads: [1, 0, 1, 1] }, batch),
  convolution('ConvTranspose', [1, 3, 4, 3], [3, 1, 3, 2], { group: 3, strides: [2, 3], output_padding: [1, 0] }),
  convolution('ConvTranspose', [1, 2, 4, 4], [2, 3, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  convolution('ConvTranspose', [1, 2, 4, 4], [2, 3, 3, 3], { strides: [2, 2], auto_pad: 'SAME_LOWER' }, batch),
  convolution('ConvTranspose', [1, 2, 4, 4], [2, 3, 3, 3], { strides: [2, 2], output_shape: [8, 8] }),
  { op: 'ConvTranspose', inputs: [{ shape: [2, 3, 4, 4] }, { shape: [3, 2, 2, 2] }], wrt: [0], ...batch },
  { op: 'ConvTranspose', inputs: [{ shape: [2, 3, 4, 4] }, { shape: [3, 2, 2, 2] }], wrt: [1], ...batch },
];

describe('gradients(…) of convolutions', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(convRules, cases)).toEqual([]));

  it('refuses more windows than a constant may list', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [1, 1, 9000, 9000]);
    b.input('w', 'float32', [1, 1, 1, 1]);
    expect(() => gradients(b, b.op('Conv', ['x', 'w'], {}, 'y'), ['w'])).toThrow(
      'Conv "y": windows: expected at most 67108864 elements in a constant of the gradient; got 81000000',
    );
  });
});
