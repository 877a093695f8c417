import { describe, expect, it } from 'vitest';
import { float, type AttributeValue } from '../../graph/attributes.js';
import { GraphBuilder } from '../../build/build.js';
import { caseLabel, checkVjp, outputsOf, uncheckedOps, type CheckedInput, type VjpCase } from '../check.test.helper.js';
import { expandedRules } from './expanded.js';
import { gradients } from '../walk.js';

const paddings = ['zeros', 'border', 'reflection'] as const;

/** Positions away from the kinks between pixels, inside and outside of a 3×4 picture. */
const positions = [
  [-1.35, -0.9],
  [-0.37, 0.11],
  [0.21, 0.83],
  [0.93, -0.42],
  [1.62, 1.44],
  [-2.3, 0.37],
].flat();

const grid: CheckedInput = { shape: [1, 2, 3, 2], values: positions };
const picture: CheckedInput = { shape: [1, 2, 3, 4] };

const gridCases: VjpCase[] = [
  ...paddings.flatMap((padding) =>
    [0, 1].flatMap((align): VjpCase[] => {
      const attributes = { padding_mode: padding, align_corners: align };
      return [
        { op: 'GridSample', inputs: [picture, grid], attributes: { ...attributes, mode: 'bilinear' } },
        { op: 'GridSample', inputs: [picture, grid], attributes: { ...attributes, mode: 'nearest' }, wrt: [0] },
      ];
    }),
  ),
  { op: 'GridSample', inputs: [picture, grid], attributes: { mode: 'bicubic' } },
  { op: 'GridSample', inputs: [picture, grid], attributes: { mode: 'bicubic', align_corners: 1 } },
  {
    op: 'GridSample',
    inputs: [
      { shape: [2, 3, 4, 3] },
      { shape: [2, 1, 3, 2], values: [...positions, ...positions.map((value) => -0.6 * value)].slice(0, 12) },
    ],
    symbolicBatch: [0, 1],
  },
];

const sizes = { LSTM: 4, GRU: 3, RNN: 1 } as const;

function recurrentCase(
  op: keyof typeof sizes,
  attributes: Record<string, AttributeValue> = {},
  { states = false, peepholes = false, outputs = 1 } = {},
): VjpCase {
  const directions = attributes['direction'] === 'bidirectional' ? 2 : 1;
  const [steps, batch, inputs, hidden, gates] = [3, 2, 3, 2, sizes[op]];
  return {
    op,
    inputs: [
      { shape: [steps, batch, inputs] },
      { shape: [directions, gates * hidden, inputs] },
      { shape: [directions, gates * hidden, hidden] },
      { shape: [directions, 2 * gates * hidden] },
      null,
      ...(states || peepholes ? [{ shape: [directions, batch, hidden] }] : []),
      ...((states || peepholes) && op === 'LSTM' ? [{ shape: [directions, batch, hidden] }] : []),
      ...(peepholes ? [{ shape: [directions, 3 * hidden] }] : []),
    ],
    attributes: { hidden_size: hidden, ...attributes },
    outputs,
    // ONNX Runtime has no kernels of these for doubles.
    singlePrecision: op !== 'RNN',
  };
}

const recurrentCases: VjpCase[] = [
  ...(['LSTM', 'GRU', 'RNN'] as const).flatMap((op) => [
    recurrentCase(op),
    recurrentCase(op, { direction: 'reverse' }, { states: true }),
    recurrentCase(op, { direction: 'bidirectional' }, { states: true, outputs: 2 }),
  ]),
  recurrentCase('LSTM', {}, { peepholes: true, outputs: 3 }),
  recurrentCase('LSTM', { activations: ['HardSigmoid', 'Softsign', 'Tanh'] }),
  recurrentCase('GRU', { linear_before_reset: 1 }),
  recurrentCase('GRU', { linear_before_reset: 1, direction: 'bidirectional' }),
  recurrentCase('RNN', { activations: ['Sigmoid'] }),
];

/** Away from 0, where |x| has a kink. */
const map = {
  shape: [2, 3, 5, 6],
  values: Array.from({ length: 180 }, (_, at) => (at % 3 === 0 ? -1 : 1) * (0.6 + 0.5 * Math.sin(1.7 * at))),
};
const normCases: VjpCase[] = [
  ...[1, 2, 3].flatMap((p): VjpCase[] => [
    { op: 'LpPool', inputs: [map], attributes: { kernel_shape: [2, 3], strides: [2, 2], p }, symbolicBatch: [0] },
    { op: 'LpPool', inputs: [map], attributes: { kernel_shape: [3, 3], pads: [1, 1, 0, 2], p } },
    { op: 'LpPool', inputs: [map], attributes: { kernel_shape: [1, 2], strides: [2, 3], auto_pad: 'SAME_UPPER', p } },
    { op: 'GlobalLpPool', inputs: [map], attributes: { p }, symbolicBatch: [0] },
  ]),
  ...[1, 2].map((p): VjpCase => ({
    op: 'LpNormalization',
    inputs: [map],
    attributes: { axis: 1, p },
    symbolicBatch: [0],
  })),
  { op: 'MeanVarianceNormalization', inputs: [map] },
  { op: 'MeanVarianceNormalization', inputs: [map], attributes: { axes: [1, 2, 3] }, symbolicBatch: [0] },
  { op: 'Compress', inputs: [map, { bools: [1, 0, 1], shape: [3] }], attributes: { axis: 1 } },
  { op: 'Compress', inputs: [{ shape: [2, 3] }, { bools: [0, 1, 1, 0, 1], shape: [5] }] },
];

/** Inside, over each edge of a 5×6 picture, thinner than a pixel, and outside; away from the kinks between pixels. */
const regions = [
  [0.31, 0.22, 4.83, 3.94],
  [-2.61, -1.87, 2.43, 3.17],
  [3.37, 2.29, 8.91, 7.73],
  [2.13, 1.71, 2.47, 1.92],
  [20.3, 20.1, 24.2, 23.7],
];
const owners = { ints: [0, 2, 1, 1, 0] };
const output = { output_height: 2, output_width: 3, spatial_scale: float(0.875) };
const roiCases = ['avg', 'max'].flatMap((mode) =>
  ['half_pixel', 'output_half_pixel'].flatMap((coordinates): VjpCase[] => {
    const attributes = { ...output, mode, coordinate_transformation_mode: coordinates };
    const given = { shape: [5, 4], values: regions.flat() };
    const constant = { shape: [5, 4], floats: regions.flat() };
    const data = { shape: [3, 2, 5, 6] };
    return [
      { op: 'RoiAlign', inputs: [data, given, owners], attributes: { ...attributes, sampling_ratio: 1 }, wrt: [0] },
      { op: 'RoiAlign', inputs: [data, given, owners], attributes: { ...attributes, sampling_ratio: 2 }, wrt: [0] },
      // As many samples as the regions have pixels: the regions are constant, and those are float32.
      {
        op: 'RoiAlign',
        inputs: [data, constant, owners],
        attributes,
        singlePrecision: true,
        symbolicBatch: [0],
        // Of the maxima of samples, none is so close to another that a step exchanges them.
        seed: 4,
      },
    ];
  }),
);

const cases = [...gridCases, ...normCases, ...recurrentCases, ...roiCases];

describe('gradients(…) of operators through the elementary ones they stand for', () => {
  it.each(cases.map((test) => [caseLabel(test), test] as const))('%s', (_label, test) => checkVjp(test));

  it('has a case for every rule', () => expect(uncheckedOps(expandedRules, cases)).toEqual([]));

  it.each([
    ['LpPool', { kernel_shape: [2, 2], strides: [2, 2] }],
    ['GlobalLpPool', {}],
    ['LpNormalization', { axis: 1 }],
  ])('are 0 where all elements that %s takes the norm of are 0', async (op, attributes) => {
    for (const p of op === 'LpNormalization' ? [1, 2] : [1, 2, 3]) {
      const b = new GraphBuilder();
      b.input('x', 'float32', [1, 2, 2, 4]);
      const y = b.op(op, ['x'], { ...attributes, p }, 'y');
      const gradient = gradients(b, y, ['x']).get('x') as string;
      b.output(gradient);
      const results = await outputsOf(b, { x: { dims: [1, 2, 2, 4], data: Array.from({ length: 16 }, () => 0) } });
      expect(results[gradient]?.map(Math.abs)).toEqual(Array.from({ length: 16 }, () => 0));
    }
  });

  it('refuses what it cannot tell, naming the node', () => {
    const refused = (op: string, shapes: number[][], attributes: Record<string, AttributeValue>) => () => {
      const b = new GraphBuilder();
      const inputs = shapes.map((shape, index) => b.input(`x${index}`, 'float32', shape));
      gradients(b, b.op(op, inputs, attributes, 'y'), ['x0']);
    };
    const pictures = [
      [1, 2, 3, 4],
      [1, 2, 3, 2],
    ];
    expect(refused('GridSample', pictures, { mode: 'bicubic', padding_mode: 'border' })).toThrow(
      'GridSample "y": mode bicubic with padding_mode border is not supported; no layer after it can be explained',
    );
    const fewRegions = [[1, 2, 5, 6], [2, 4], [2]];
    expect(refused('RoiAlign', fewRegions, { output_height: 2, output_width: 2 })).toThrow(
      'RoiAlign "y": expected a sampling_ratio above 0, or regions that are constant; ' +
        'got sampling_ratio 0 and regions that are found at run time',
    );
    expect(refused('RoiAlign', fewRegions, { sampling_ratio: 2, mode: 'sum' })).toThrow(
      'RoiAlign "y": mode sum is not supported',
    );
    const weights = (steps: number) => [
      [steps, 1, 2],
      [1, 4, 2],
      [1, 4, 4],
    ];
    expect(refused('RNN', weights(3), { hidden_size: 4, activations: ['Affine'] })).toThrow(
      'RNN "y": activation "Affine" is not supported',
    );
    expect(refused('RNN', weights(513), { hidden_size: 4 })).toThrow(
      'RNN "y": expected at most 512 unrolled steps; got 513',
    );
  });
});
