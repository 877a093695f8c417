/** @file Operators newer than opset 17 compute what ONNX Runtime computes for them, and are differentiable then. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { relativeError } from '../../fixtures/golden.js';
import { float, type AttributeValue } from '../graph/attributes.js';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { gradients } from '../gradient/walk.js';
import { elementCount, type Tensor as Constant } from '../graph/graph.js';
import { float32Tensor, int64Tensor } from '../graph/tensor.js';
import { upgradedModel } from './upgrade.js';
import { modelBytes } from '../files/write.js';

interface Case {
  op: string;
  opset: number;
  /** Fed at run time, the first size being open. */
  inputs: readonly (readonly number[])[];
  constants?: readonly Constant[];
  attributes?: Record<string, AttributeValue>;
}

const list = (...values: number[]) => float32Tensor(values, [values.length]);
const heads = [2, 3, 4, 5] as const;
const flat = [2, 4, 6] as const;
const bools: Constant = {
  type: 'bool',
  dims: [4, 4],
  data: Uint8Array.from([1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0]),
};

/** The second query sees no key, and with `is_causal` the third sees none either. */
const someEmpty: Constant = {
  type: 'bool',
  dims: [4, 4],
  data: Uint8Array.from([1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0]),
};

const numbers = float32Tensor(
  Array.from({ length: 16 }, (_, at) => Math.cos(at)),
  [4, 4],
);

const cases: Case[] = [
  {
    op: 'GroupNormalization',
    opset: 18,
    inputs: [[2, 4, 3, 5]],
    constants: [list(1, 2), list(0.5, -1)],
    attributes: { num_groups: 2 },
  },
  {
    op: 'GroupNormalization',
    opset: 21,
    inputs: [[2, 4, 3, 5]],
    constants: [list(1, 2, 3, 4), list(0.5, -1, 0, 1)],
    attributes: { num_groups: 2, epsilon: float(0.1) },
  },
  {
    op: 'GroupNormalization',
    opset: 21,
    inputs: [[2, 3, 6]],
    constants: [list(1, 2, 3), list(0, 1, 2)],
    attributes: { num_groups: 1 },
  },
  { op: 'RMSNormalization', opset: 23, inputs: [[2, 3, 4]], constants: [list(1, 2, 3, 4)] },
  {
    op: 'RMSNormalization',
    opset: 23,
    inputs: [[2, 3, 4]],
    constants: [float32Tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 4])],
    attributes: { axis: 1, epsilon: float(0.1) },
  },
  {
    op: 'Col2Im',
    opset: 18,
    inputs: [[2, 12, 16]],
    constants: [int64Tensor([5, 6]), int64Tensor([2, 3])],
  },
  {
    op: 'Col2Im',
    opset: 18,
    inputs: [[2, 18, 9]],
    constants: [int64Tensor([6, 7]), int64Tensor([3, 3])],
    attributes: { strides: [2, 3], pads: [1, 1, 1, 1], dilations: [1, 1] },
  },
  {
    op: 'Col2Im',
    opset: 18,
    inputs: [[2, 8, 12]],
    constants: [int64Tensor([5, 6]), int64Tensor([2, 2])],
    attributes: { dilations: [2, 3], pads: [0, 0, 1, 0] },
  },
  ...(['linear', 'cubic'] as const).flatMap((mode) =>
    [0, 1].flatMap((exclude): Case[] => [
      {
        op: 'Resize',
        opset: 18,
        inputs: [[2, 3, 11, 7]],
        constants: [list(), list(0.4, 0.6)],
        attributes: { antialias: 1, axes: [2, 3], mode, exclude_outside: exclude },
      },
      {
        op: 'Resize',
        opset: 18,
        // In float32, 10 · 0.7 is 7.
        inputs: [[2, 3, 10, 7]],
        constants: [list(), list(0.7, 0.6)],
        attributes: { antialias: 1, axes: [2, 3], mode, exclude_outside: exclude },
      },
      {
        op: 'Resize',
        opset: 18,
        inputs: [[2, 3, 11, 7]],
        constants: [list(), list(), int64Tensor([5, 9])],
        attributes: { antialias: 1, axes: [2, 3], mode, exclude_outside: exclude },
      },
    ]),
  ),
  { op: 'AffineGrid', opset: 20, inputs: [[2, 2, 3]], constants: [int64Tensor([2, 3, 4, 5])] },
  {
    op: 'AffineGrid',
    opset: 20,
    inputs: [[2, 3, 4]],
    constants: [int64Tensor([2, 3, 2, 4, 3])],
    attributes: { align_corners: 1 },
  },
  {
    op: 'CenterCropPad',
    opset: 18,
    inputs: [[2, 3, 7, 4]],
    constants: [int64Tensor([4, 7])],
    attributes: { axes: [2, -1] },
  },
  {
    op: 'CenterCropPad',
    opset: 18,
    inputs: [[2, 3, 5]],
    constants: [int64Tensor([6, 4])],
    attributes: { axes: [1, 2] },
  },
  {
    op: 'Pad',
    opset: 19,
    inputs: [[2, 3, 4, 5]],
    constants: [int64Tensor([0, 0, 1, 2, 0, 0, 3, 5])],
    attributes: { mode: 'wrap' },
  },
  {
    op: 'Pad',
    opset: 19,
    inputs: [[2, 3, 4, 5]],
    constants: [int64Tensor([0, -1, -1, 2, 0, -1, 2, -1])],
    attributes: { mode: 'wrap' },
  },
  {
    op: 'GridSample',
    opset: 20,
    inputs: [
      [2, 3, 3, 4, 5],
      [2, 2, 3, 4, 3],
    ],
    attributes: { mode: 'linear', padding_mode: 'border' },
  },
  {
    op: 'GridSample',
    opset: 20,
    inputs: [
      [2, 3, 3, 4, 5],
      [2, 2, 3, 4, 3],
    ],
    attributes: { mode: 'nearest', align_corners: 1 },
  },
  { op: 'Attention', opset: 23, inputs: [heads, heads, heads] },
  { op: 'Attention', opset: 24, inputs: [heads, [2, 3, 7, 5], [2, 3, 7, 2]], attributes: { scale: float(0.3) } },
  { op: 'Attention', opset: 23, inputs: [heads, heads, heads], attributes: { is_causal: 1 } },
  { op: 'Attention', opset: 23, inputs: [heads, heads, heads], constants: [bools] },
  { op: 'Attention', opset: 23, inputs: [heads, heads, heads], constants: [someEmpty] },
  { op: 'Attention', opset: 23, inputs: [heads, heads, heads], constants: [someEmpty], attributes: { is_causal: 1 } },
  { op: 'Attention', opset: 23, inputs: [heads, heads, heads], constants: [numbers] },
  { op: 'Attention', opset: 23, inputs: [flat, flat, flat], attributes: { q_num_heads: 2, kv_num_heads: 2 } },
];

describe('upgradedModel(model with an operator newer than opset 17)', () => {
  it.each(cases)('expands $op of opset $opset $inputs $attributes', async (entry) => {
    const old = modelOf(entry);
    const upgraded = upgradedModel(old);
    const feeds = entry.inputs.map((dims, index) => wave(dims, index + 1));
    const [expected, found] = [await outputOf(modelBytes(old), feeds), await outputOf(modelBytes(upgraded), feeds)];
    expect(found.dims).toEqual(expected.dims);
    expect(relativeError(found.data as Float32Array, expected.data as Float32Array)).toBeLessThan(2e-6);
    const b = new GraphBuilder(upgraded.graph);
    expect(b.shape('y')).toEqual(['N', ...expected.dims.slice(1)]);
    const gradient = gradients(b, 'y', ['x0']).get('x0') as string;
    expect(b.shape(gradient)).toEqual(['N', ...(entry.inputs[0] as readonly number[]).slice(1)]);
  });

  it.each([
    [{}, 4, 5, 1],
    [{ strides: [2, 1], pads: [1, 2, 1, 0], dilations: [1, 2] }, 3, 6, 1],
    [{ group: 2, offset_group: 2 }, 4, 5, 2],
  ] as const)('expands DeformConv with %j', async (attributes, height, width, groups) => {
    const b = new GraphBuilder();
    const sizes = [
      [2, 4, 5, 6],
      [4, 4 / groups, 2, 2],
      [2, groups * 8, height, width],
      [4],
      [2, groups * 4, height, width],
    ];
    const inputs = sizes.map((dims, index) => b.input(`x${index}`, 'float32', dims));
    b.op('DeformConv', inputs, attributes, 'y');
    b.graph.outputs.push({ name: 'y' });
    const old = { ...modelOfGraph(b.graph), opsets: new Map([['', 19]]) };
    const upgraded = upgradedModel(old);
    const feeds = sizes.map((dims, index) => wave(dims, index + 1));
    const [expected, found] = [await outputOf(modelBytes(old), feeds), await outputOf(modelBytes(upgraded), feeds)];
    expect(found.dims).toEqual(expected.dims);
    expect(relativeError(found.data as Float32Array, expected.data as Float32Array)).toBeLessThan(1e-5);
    const byInput = gradients(new GraphBuilder(upgraded.graph), 'y', inputs);
    expect([...byInput.values()]).not.toContain(null);
  });

  it.each([
    [{ softcap: float(2) }, heads, 'attribute softcap has no counterpart in opset 17'],
    [{}, [2, 1, 4, 5], 'fewer heads of keys than of queries has no counterpart in opset 17'],
  ] as const)('refuses Attention with %j', (attributes, keys, message) => {
    const model = modelOf({ op: 'Attention', opset: 23, inputs: [heads, keys, keys], attributes });
    expect(() => upgradedModel(model)).toThrow(`Attention "y": ${message}`);
  });
});

function modelOf({ op, opset, inputs, constants = [], attributes = {} }: Case) {
  const b = new GraphBuilder();
  const fed = inputs.map((dims, index) => b.input(`x${index}`, 'float32', ['N', ...dims.slice(1)]));
  const given = constants.map((tensor, index) => b.initializer(`c${index}`, tensor));
  b.op(op, [...fed, ...given], attributes, 'y');
  b.graph.outputs.push({ name: 'y' });
  return { ...modelOfGraph(b.graph), opsets: new Map([['', opset]]) };
}

function wave(dims: readonly number[], seed: number): Tensor {
  const data = Float32Array.from({ length: elementCount(dims) }, (_, at) => Math.sin(at * 1.3 * seed + seed));
  return new Tensor('float32', data, dims);
}

async function outputOf(bytes: Uint8Array, feeds: readonly Tensor[]): Promise<Tensor> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 });
  const { y } = await session.run(Object.fromEntries(feeds.map((tensor, index) => [`x${index}`, tensor])));
  await session.release();
  return y as Tensor;
}
