import { describe, expect, it } from 'vitest';
import { float, type AttributeValue } from '../../graph/attributes.js';
import { GraphBuilder } from '../../build/build.js';
import { caseLabel, checkVjp, uncheckedOps, type VjpCase } from '../check.test.helper.js';
import { resizeRules } from './resize.js';
import { gradients } from '../walk.js';

const coordinateModes = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'];
const nearestModes = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];
const positions = coordinateModes.map((mode) => ({ coordinate_transformation_mode: mode }));

const bySizes = (shape: readonly number[], sizes: readonly number[], attributes: VjpCase['attributes']): VjpCase => ({
  op: 'Resize',
  inputs: [{ shape }, null, null, { ints: sizes }],
  attributes: attributes ?? {},
});
const byScales = (shape: readonly number[], scales: readonly number[], attributes: VjpCase['attributes']): VjpCase => ({
  op: 'Resize',
  inputs: [{ shape }, null, { floats: scales }],
  attributes: attributes ?? {},
});

const modes: Record<string, AttributeValue>[] = [
  ...nearestModes.map((nearest) => ({ mode: 'nearest', nearest_mode: nearest })),
  { mode: 'linear' },
  { mode: 'cubic' },
  { mode: 'cubic', cubic_coeff_a: float(-0.5), exclude_outside: 1 },
];

const cases: VjpCase[] = [
  ...modes.flatMap((mode) =>
    positions.flatMap((position): VjpCase[] => [
      bySizes([2, 2, 3, 5], [2, 2, 7, 4], { ...mode, ...position }),
      byScales([1, 2, 4, 5], [1, 1, 1.75, 0.6], { ...mode, ...position }),
      byScales([1, 1, 3, 2], [1, 1, 2, 3], { ...mode, ...position }),
    ]),
  ),
  ...['nearest', 'linear', 'cubic'].flatMap((mode): VjpCase[] => [
    { ...byScales([2, 3, 4, 6], [1, 1, 0.5, 2.5], { mode }), symbolicBatch: [0] },
    bySizes([1, 1, 5, 4], [1, 1, 1, 1], { mode, coordinate_transformation_mode: 'pytorch_half_pixel' }),
    bySizes([1, 1, 5, 4], [1, 1, 1, 3], { mode, coordinate_transformation_mode: 'align_corners' }),
    ...[0, 2].map((extrapolation): VjpCase => ({
      op: 'Resize',
      inputs: [{ shape: [1, 2, 5, 6] }, { floats: [0, 0, 0.2, 0.1, 1, 1, 0.7, 1.3] }, null, { ints: [1, 2, 4, 7] }],
      attributes: {
        mode,
        coordinate_transformation_mode: 'tf_crop_and_resize',
        extrapolation_value: float(extrapolation),
      },
    })),
  ]),
  bySizes([3, 5], [4, 8], { mode: 'linear' }),
  byScales([2, 3, 2, 3], [2, 1.5, 1, 3], { mode: 'nearest', nearest_mode: 'floor' }),
  bySizes([1, 1, 2, 3, 4], [1, 1, 3, 5, 2], { mode: 'linear' }),
  bySizes([1, 2, 5], [1, 2, 8], { mode: 'nearest' }),
];

describe('gradients(…) of Resize', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(resizeRules, cases)).toEqual([]));

  it('refuses open sizes and modes that opset 17 lacks, naming node and attribute', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [1, 1, 4, 'W']);
    const resized = (name: string, sizes: readonly number[], attributes: Record<string, AttributeValue>) =>
      b.op('Resize', ['x', '', '', b.ints(sizes)], attributes, name);
    const attempt = (value: string) => () => gradients(b, value, ['x']);
    expect(attempt(resized('open', [1, 1, 4, 8], { mode: 'linear' }))).toThrow(
      'Resize "open": differentiating needs fixed sizes; got W → 8',
    );
    expect(attempt(resized('spline', [1, 1, 8, 8], { mode: 'spline' }))).toThrow(
      'Resize "spline": attribute mode: expected one of nearest, linear, cubic; got "spline"',
    );
    const odd = { mode: 'linear', coordinate_transformation_mode: 'half_pixel_symmetric' };
    expect(attempt(resized('symmetric', [1, 1, 8, 8], odd))).toThrow(
      'Resize "symmetric": attribute coordinate_transformation_mode: expected one of align_corners, asymmetric, half_pixel,',
    );
  });
});
