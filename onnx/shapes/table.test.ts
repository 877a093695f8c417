/** @file Inferred types and shapes are those that ONNX Runtime produces, for every operator of the table. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { float, type AttributeValue } from '../graph/attributes.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../build/build.js';
import { InputError } from '../errors.js';
import { elementCount, type DataType, type Shape, type Tensor as Constant } from '../graph/graph.js';
import { shapeRules } from './table.js';
import { float32Tensor, int64Tensor, scalarTensor } from '../graph/tensor.js';
import { modelBytes } from '../files/write.js';

/** Fed at run time (float32, or bool), constant, or absent. */
type Input = readonly (number | 'N')[] | { bools: readonly (number | 'N')[] } | Constant | null;

interface Case {
  op: string;
  inputs: readonly Input[];
  attributes?: Record<string, AttributeValue>;
  outputs?: number;
  /** Axes whose size cannot be told with a symbolic batch. */
  open?: readonly number[];
}

/** What N is at run time. */
const BATCH = 3;

const x = ['N', 4, 7, 6] as const;
const kernel = (...dims: number[]) => float32Tensor(new Float32Array(elementCount(dims)).fill(0.1), dims);
const ints = (...values: number[]) => int64Tensor(values);
const scales = (...values: number[]) => float32Tensor(values, [values.length]);
const none = float32Tensor([], [0]);
const each = (ops: readonly string[], ...rest: Omit<Case, 'op'>[]): Case[] =>
  ops.flatMap((op) => rest.map((entry) => ({ op, ...entry })));

const pools: Omit<Case, 'op'>[] = [
  { inputs: [x], attributes: { kernel_shape: [3, 2] } },
  { inputs: [x], attributes: { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 } },
  { inputs: [x], attributes: { kernel_shape: [3, 3], strides: [2, 3], pads: [1, 0, 1, 2] } },
  { inputs: [x], attributes: { kernel_shape: [3, 3], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 } },
  { inputs: [x], attributes: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' } },
  { inputs: [x], attributes: { kernel_shape: [2, 3], strides: [3, 2], auto_pad: 'SAME_LOWER' } },
  { inputs: [x], attributes: { kernel_shape: [2, 3], strides: [2, 1], auto_pad: 'VALID' } },
  { inputs: [['N', 4, 9]], attributes: { kernel_shape: [4], strides: [2] } },
];

const reductions: Omit<Case, 'op'>[] = [
  { inputs: [x] },
  { inputs: [x], attributes: { keepdims: 0 } },
  { inputs: [x], attributes: { axes: [1, -1] } },
  { inputs: [x], attributes: { axes: [0, 2], keepdims: 0 } },
];

type Tensor8 = Extract<Constant, { type: 'uint8' }>;
const bytes = (...values: number[]): Tensor8 => ({
  type: 'uint8',
  dims: values.length > 1 ? [values.length] : [],
  data: Uint8Array.from(values),
});
const zeros = (...dims: number[]) => float32Tensor(new Float32Array(elementCount(dims)), dims);

const cases: Case[] = [
  ...each(
    ['Abs', 'Clip', 'Exp', 'Identity', 'LeakyRelu', 'Log', 'Neg', 'Reciprocal', 'Relu'],
    { inputs: [x] },
    { inputs: [[]] },
  ),
  ...each(
    (
      'Acos Acosh Asin Asinh Atan Atanh Cos Cosh Sin Sinh Tan Erf Ceil Floor Round Celu Elu HardSigmoid HardSwish Selu ' +
      'Shrink Softsign ThresholdedRelu IsNaN IsInf'
    ).split(' '),
    { inputs: [x] },
    { inputs: [['N', 3]] },
  ),
  ...each(
    ['LogSoftmax', 'Sigmoid', 'Sign', 'Softmax', 'Softplus', 'Sqrt', 'Tanh'],
    { inputs: [x] },
    { inputs: [['N', 0]] },
  ),
  ...each(
    ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'Sum', 'Equal', 'Greater', 'GreaterOrEqual', 'Less'],
    { inputs: [x, x] },
    { inputs: [['N', 1, 1, 6], x] },
    { inputs: [x, [4, 1, 1]] },
    {
      inputs: [
        [1, 5],
        ['N', 1],
      ],
    },
    { inputs: [[], ['N']] },
  ),
  ...each(['LessOrEqual'], { inputs: [x, [6]] }),
  ...each(['Max', 'Mean', 'Min', 'Sum'], { inputs: [['N', 1], [5], [1, 1, 1]] }, { inputs: [x] }),
  ...each(['And', 'Or', 'Xor'], { inputs: [{ bools: ['N', 1] }, { bools: [4] }] }),
  { op: 'Not', inputs: [{ bools: ['N', 2] }] },
  { op: 'Where', inputs: [{ bools: ['N', 1, 1] }, [4, 1], [5]] },
  ...each(['AveragePool', 'MaxPool'], ...pools),
  { op: 'MaxPool', inputs: [x], attributes: { kernel_shape: [2, 2], dilations: [2, 3] }, outputs: 2 },
  ...each(['GlobalAveragePool', 'GlobalMaxPool'], { inputs: [x] }, { inputs: [['N', 2, 5]] }),
  { op: 'BatchNormalization', inputs: [x, ...[1, 2, 3, 4].map(() => kernel(4))] },
  { op: 'Mod', inputs: [x, [4, 1, 1]], attributes: { fmod: 1 } },
  { op: 'PRelu', inputs: [x, kernel(4, 1, 1)] },
  { op: 'InstanceNormalization', inputs: [x, kernel(4), kernel(4)] },
  { op: 'LayerNormalization', inputs: [x, kernel(7, 6)], attributes: { axis: -2 }, outputs: 3 },
  { op: 'LayerNormalization', inputs: [x, kernel(6), kernel(6)] },
  { op: 'Hardmax', inputs: [x] },
  { op: 'CumSum', inputs: [x, int64Tensor([1], [])] },
  { op: 'Trilu', inputs: [x] },
  { op: 'Einsum', inputs: [x, kernel(5, 4)], attributes: { equation: 'nchw,kc->nkhw' } },
  { op: 'Einsum', inputs: [x, kernel(6, 2)], attributes: { equation: '...w,wk' } },
  {
    op: 'Einsum',
    inputs: [
      ['N', 4],
      ['N', 4],
    ],
    attributes: { equation: 'nc,nc->' },
  },
  { op: 'LRN', inputs: [x], attributes: { size: 3 } },
  { op: 'Conv', inputs: [x, kernel(5, 4, 3, 2)] },
  { op: 'Conv', inputs: [x, kernel(6, 2, 3, 3), kernel(6)], attributes: { group: 2, strides: [2, 3] } },
  { op: 'Conv', inputs: [x, kernel(5, 4, 2, 2)], attributes: { dilations: [3, 2], pads: [0, 1, 2, 3] } },
  { op: 'Conv', inputs: [x, kernel(5, 4, 4, 3)], attributes: { strides: [2, 2], auto_pad: 'SAME_UPPER' } },
  { op: 'Conv', inputs: [x, kernel(5, 4, 1, 1)], attributes: { strides: [2, 3], auto_pad: 'SAME_LOWER' } },
  { op: 'Conv', inputs: [x, kernel(5, 4, 4, 3)], attributes: { strides: [2, 2], auto_pad: 'VALID' } },
  { op: 'Conv', inputs: [['N', 2, 9], kernel(3, 2, 4)], attributes: { strides: [2] } },
  { op: 'ConvTranspose', inputs: [x, kernel(4, 5, 3, 2)] },
  { op: 'ConvTranspose', inputs: [x, kernel(4, 5, 4, 4)], attributes: { strides: [2, 2], pads: [1, 1, 1, 1] } },
  {
    op: 'ConvTranspose',
    inputs: [x, kernel(4, 3, 3, 3), kernel(6)],
    attributes: { group: 2, strides: [2, 3], pads: [1, 0, 0, 2], output_padding: [1, 2], dilations: [2, 1] },
  },
  { op: 'ConvTranspose', inputs: [x, kernel(4, 5, 3, 3)], attributes: { strides: [2, 2], output_shape: [14, 13] } },
  { op: 'ConvTranspose', inputs: [x, kernel(4, 5, 3, 4)], attributes: { strides: [2, 3], auto_pad: 'SAME_UPPER' } },
  { op: 'ConvTranspose', inputs: [x, kernel(4, 5, 3, 4)], attributes: { strides: [2, 3], auto_pad: 'VALID' } },
  { op: 'ConvTranspose', inputs: [x, kernel(4, 5, 1, 1)], attributes: { strides: [2, 3], auto_pad: 'SAME_LOWER' } },
  { op: 'MatMul', inputs: [['N', 4], kernel(4, 5)] },
  { op: 'MatMul', inputs: [['N', 1, 2, 4], kernel(3, 4, 5)] },
  { op: 'MatMul', inputs: [['N', 4], kernel(4)] },
  { op: 'MatMul', inputs: [kernel(4), ['N', 4, 2]] },
  { op: 'Gemm', inputs: [['N', 4], kernel(4, 5), kernel(5)] },
  { op: 'Gemm', inputs: [['N', 4], kernel(5, 4)], attributes: { transB: 1 } },
  { op: 'Gemm', inputs: [kernel(5, 4), ['N', 5]], attributes: { transA: 1, transB: 1 } },
  ...each(
    ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'].map((name) => `Reduce${name}`),
    ...reductions,
  ),
  { op: 'ReduceSum', inputs: [x, ints(1, -1)] },
  { op: 'ReduceSum', inputs: [x], attributes: { keepdims: 0 } },
  { op: 'ReduceSum', inputs: [x, ints()], attributes: { noop_with_empty_axes: 1 } },
  { op: 'ReduceSum', inputs: [x, ints()] },
  ...each(
    ['ArgMax', 'ArgMin'],
    { inputs: [x] },
    { inputs: [x], attributes: { axis: -1, keepdims: 0 } },
    { inputs: [x], attributes: { axis: 1 } },
  ),
  { op: 'Cast', inputs: [x], attributes: { to: 7 } },
  { op: 'Cast', inputs: [x], attributes: { to: 9 } },
  { op: 'Dropout', inputs: [x], outputs: 2 },
  { op: 'Concat', inputs: [x, ['N', 2, 7, 6], x], attributes: { axis: 1 } },
  { op: 'Concat', inputs: [x, ['N', 4, 7, 1]], attributes: { axis: -1 } },
  { op: 'Concat', inputs: [['N', 2], kernel(1, 2)], attributes: { axis: 0 }, open: [0] },
  { op: 'Constant', inputs: [], attributes: { value: kernel(2, 3) } },
  { op: 'Constant', inputs: [], attributes: { value_float: float(2) } },
  { op: 'Constant', inputs: [], attributes: { value_ints: [1, 2] } },
  { op: 'ConstantOfShape', inputs: [ints(2, 0, 3)] },
  { op: 'ConstantOfShape', inputs: [ints()], attributes: { value: int64Tensor([7]) } },
  { op: 'DepthToSpace', inputs: [['N', 8, 2, 3]], attributes: { blocksize: 2 } },
  { op: 'Expand', inputs: [['N', 1, 3], ints(2, 1, 4, 1)] },
  { op: 'Expand', inputs: [['N'], ints(5, 1)] },
  { op: 'Flatten', inputs: [x] },
  { op: 'Flatten', inputs: [x], attributes: { axis: 0 } },
  { op: 'Flatten', inputs: [x], attributes: { axis: -1 } },
  { op: 'Flatten', inputs: [x], attributes: { axis: 4 } },
  { op: 'Gather', inputs: [x, int64Tensor([0, 1, 1, -1], [2, 2])], attributes: { axis: 2 } },
  { op: 'Gather', inputs: [x, int64Tensor([1], [])], attributes: { axis: -3 } },
  { op: 'GatherElements', inputs: [x, int64Tensor([0, 1], [2, 1, 1, 1])], attributes: { axis: 1 } },
  { op: 'GatherND', inputs: [x, int64Tensor([0, 1, 1, 3], [2, 2])] },
  { op: 'GatherND', inputs: [['N', 4, 5], int64Tensor([0, 1, 1], [3, 1])] },
  { op: 'NonZero', inputs: [['N', 2]], open: [1] },
  { op: 'Range', inputs: [int64Tensor([2], []), int64Tensor([9], []), int64Tensor([3], [])] },
  { op: 'ScatterND', inputs: [x, int64Tensor([1, 0], [2, 1]), kernel(2, 4, 7, 6)] },
  { op: 'Size', inputs: [x] },
  { op: 'SpaceToDepth', inputs: [['N', 2, 4, 6]], attributes: { blocksize: 2 } },
  { op: 'Split', inputs: [x], attributes: { axis: 1 }, outputs: 2 },
  { op: 'Split', inputs: [x, ints(1, 4, 2)], attributes: { axis: -2 }, outputs: 3 },
  { op: 'Tile', inputs: [x, ints(2, 1, 3, 1)] },
  { op: 'TopK', inputs: [x, ints(2)], attributes: { axis: 1 }, outputs: 2 },
  { op: 'Pad', inputs: [x, ints(0, 1, 2, 0, 0, 0, 3, -1)] },
  { op: 'Pad', inputs: [['N', 2], ints(1, 0, 0, 0)], open: [0] },
  { op: 'Reshape', inputs: [x, ints(0, -1)] },
  { op: 'Reshape', inputs: [x, ints(-1, 7, 3)] },
  { op: 'Reshape', inputs: [x, ints(0, 0, 42)] },
  { op: 'Reshape', inputs: [['N', 0], ints(0, 5)], attributes: { allowzero: 1 } },
  { op: 'Resize', inputs: [x, none, scales(1, 1, 2, 1.5)] },
  { op: 'Resize', inputs: [x, null, scales(1, 1, 0.7, 0.3)], attributes: { mode: 'linear' } },
  { op: 'Resize', inputs: [[1, 2, 10, 10], null, scales(1, 1, 0.7, 0.9)] },
  { op: 'Resize', inputs: [[1, 2, 7, 6], none, none, ints(1, 2, 3, 9)] },
  {
    op: 'ScatterElements',
    inputs: [x, int64Tensor([1, 0], [2, 1, 1, 1]), kernel(2, 1, 1, 1)],
    attributes: { axis: 1 },
  },
  { op: 'Shape', inputs: [x] },
  { op: 'Shape', inputs: [x], attributes: { start: 1, end: -1 } },
  { op: 'Shape', inputs: [x], attributes: { start: -2, end: 9 } },
  { op: 'Slice', inputs: [x, ints(1, -3), ints(3, 100), ints(1, 3)] },
  { op: 'Slice', inputs: [x, ints(-1, 0), ints(-(2 ** 63), 7), ints(2, 3), ints(-2, 4)] },
  { op: 'Slice', inputs: [x, ints(0, 3), ints(2 ** 31 - 1, 2)] },
  { op: 'Slice', inputs: [x, ints(1), ints(2)], open: [0] },
  { op: 'Squeeze', inputs: [['N', 1, 5, 1], ints(1, -1)] },
  { op: 'Squeeze', inputs: [['N', 1, 5, 1]] },
  { op: 'Transpose', inputs: [x] },
  { op: 'Transpose', inputs: [x], attributes: { perm: [2, 0, 3, 1] } },
  { op: 'Unsqueeze', inputs: [x, ints(0, -1, 2)] },
  { op: 'QuantizeLinear', inputs: [x, scalarTensor('float32', 0.1), bytes(7)] },
  { op: 'QuantizeLinear', inputs: [x, scalarTensor('float32', 0.1)] },
  {
    op: 'DequantizeLinear',
    inputs: [{ ...bytes(1, 2, 3, 4, 5, 6), dims: [2, 3] } as Tensor8, scalarTensor('float32', 0.1)],
  },
  { op: 'DynamicQuantizeLinear', inputs: [x], outputs: 3 },
  { op: 'EyeLike', inputs: [[4, 5]] },
  { op: 'EyeLike', inputs: [[4, 5]], attributes: { dtype: 7, k: 1 } },
  { op: 'BitShift', inputs: [bytes(1, 2, 3), bytes(1)], attributes: { direction: 'LEFT' } },
  { op: 'Bernoulli', inputs: [x] },
  { op: 'RandomNormalLike', inputs: [x] },
  { op: 'RandomUniformLike', inputs: [x], attributes: { dtype: 11 } },
  ...each(['RandomNormal', 'RandomUniform'], { inputs: [], attributes: { shape: [2, 3] } }),
  { op: 'Compress', inputs: [x, { bools: [4] }], attributes: { axis: 1 }, open: [1] },
  { op: 'Compress', inputs: [x, { bools: [4] }], open: [0] },
  ...each(['LpPool'], ...pools.filter(({ attributes }) => !attributes?.['ceil_mode'])),
  { op: 'GlobalLpPool', inputs: [x], attributes: { p: 1 } },
  { op: 'LpNormalization', inputs: [x], attributes: { axis: 1 } },
  { op: 'MeanVarianceNormalization', inputs: [x] },
  { op: 'ReverseSequence', inputs: [[3, 2, 4], ints(3, 2)] },
  { op: 'OneHot', inputs: [int64Tensor([0, 1, 2, 3, 0, 1], [2, 3]), int64Tensor([4], []), scales(0, 1)] },
  { op: 'OneHot', inputs: [int64Tensor([0, 1], [2]), ints(4), scales(0, 1)], attributes: { axis: 0 } },
  {
    op: 'NonMaxSuppression',
    inputs: [zeros(1, 6, 4), zeros(1, 2, 6), int64Tensor([3], [])],
    open: [0],
  },
  {
    op: 'RoiAlign',
    inputs: [x, zeros(5, 4), ints(0, 0, 1, 1, 0)],
    attributes: { output_height: 2, output_width: 3, sampling_ratio: 2 },
  },
  { op: 'MaxRoiPool', inputs: [x, zeros(5, 5)], attributes: { pooled_shape: [2, 3] } },
  {
    op: 'MaxUnpool',
    inputs: [[1, 1, 2, 2], int64Tensor([0, 1, 2, 3], [1, 1, 2, 2])],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  {
    op: 'MaxUnpool',
    inputs: [[1, 1, 2, 2], int64Tensor([0, 1, 2, 3], [1, 1, 2, 2]), ints(1, 1, 5, 4)],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  { op: 'GridSample', inputs: [x, ['N', 2, 3, 2]] },
  { op: 'LSTM', inputs: [[5, 'N', 3], zeros(1, 16, 3), zeros(1, 16, 4)], attributes: { hidden_size: 4 }, outputs: 3 },
  {
    op: 'GRU',
    inputs: [[5, 'N', 3], zeros(2, 12, 3), zeros(2, 12, 4)],
    attributes: { hidden_size: 4, direction: 'bidirectional' },
    outputs: 2,
  },
  { op: 'RNN', inputs: [[5, 'N', 3], zeros(1, 4, 3), zeros(1, 4, 4)], attributes: { hidden_size: 4 }, outputs: 2 },
];

describe('shapeRules', () => {
  it('are all compared', () => {
    const compared = new Set(cases.map(({ op }) => op));
    expect(Object.keys(shapeRules).filter((op) => !compared.has(op))).toEqual([]);
  });

  it.each(cases)('find the types and shapes of $op $inputs $attributes', async (entry) => {
    const { builder, feeds, outputs } = graphOf(entry);
    const session = await InferenceSession.create(modelBytes(modelOfGraph(builder.graph)), { logSeverityLevel: 4 });
    const results = await session.run(feeds);
    await session.release();
    for (const name of outputs) {
      const { dims, type } = results[name] as Tensor;
      expect(builder.types.get(name)?.type, name).toBe(type);
      expect(sizesAtRunTime(builder.types.shape(name), entry.open ?? []), name).toEqual(
        dims.map((dim, axis) => (entry.open?.includes(axis) ? 'open' : dim)),
      );
    }
  });

  it.each<[string, Case]>([
    ['Concat "y": expected an axis of 4; got axis 4', { op: 'Concat', inputs: [x, x], attributes: { axis: 4 } }],
    [
      'Gather "y": expected an axis of 4; got axis -5',
      { op: 'Gather', inputs: [x, ints(0)], attributes: { axis: -5 } },
    ],
    ['Transpose "y": expected an axis of 4; got axis 7', { op: 'Transpose', inputs: [x], attributes: { perm: [7] } }],
    ['Slice "y": expected steps other than 0', { op: 'Slice', inputs: [x, ints(0), ints(9), ints(1), ints(0)] }],
    ['Add "y": shapes [N,4,7,6] and [5] do not broadcast', { op: 'Add', inputs: [x, [5]] }],
    [
      'MaxPool "y": a window of 8 does not fit 7 + 0',
      { op: 'MaxPool', inputs: [x], attributes: { kernel_shape: [8, 2] } },
    ],
  ])('refuse what does not fit: %s', (message, entry) => {
    expect(() => graphOf(entry)).toThrow(InputError);
    expect(() => graphOf(entry)).toThrow(message);
  });
});

function graphOf({ op, inputs, attributes, outputs: count = 1 }: Case) {
  const builder = new GraphBuilder(emptyGraph('case'));
  const feeds: Record<string, Tensor> = {};
  const names = inputs.map((input, index) => {
    const name = `x${index}`;
    if (input === null) return '';
    if ('data' in input) return builder.initializer(name, input);
    const type: DataType = 'bools' in input ? 'bool' : 'float32';
    const shape = 'bools' in input ? input.bools : input;
    const dims = shape.map((dim) => (dim === 'N' ? BATCH : dim));
    const data = type === 'bool' ? new Uint8Array(elementCount(dims)) : new Float32Array(elementCount(dims)).fill(0.5);
    feeds[name] = new Tensor(type, data, dims);
    return builder.input(name, type, shape);
  });
  const outputs = builder.ops(op, names, count, attributes ?? {}, 'y');
  for (const name of outputs) {
    builder.graph.outputs.push({ name, value: { type: builder.types.get(name)?.type ?? 'float32' } });
  }
  return { builder, feeds, outputs };
}

/** The sizes with N filled in; `open` where one may not be known and is not. */
function sizesAtRunTime(shape: Shape | undefined, open: readonly number[]) {
  return shape?.map((dim, axis) => {
    if (typeof dim === 'number') return dim;
    if (open.includes(axis)) return 'open';
    const factors = dim.split('*').map((factor) => (factor === 'N' ? BATCH : Number(factor)));
    return factors.reduce((a, b) => a * b, 1);
  });
}
