/** @file Integer and fused operators compute what ONNX Runtime computes for them, and are differentiable then. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { modelBytes } from '../files/write.js';
import { gradients } from '../gradient/walk.js';
import { attributeOf, float, type AttributeValue } from '../graph/attributes.js';
import { elementCount, type Model, type Tensor as Constant } from '../graph/graph.js';
import { float32Tensor } from '../graph/tensor.js';
import { contributedOperators } from './table.js';
import { upgradedModel } from './upgrade.js';

const SHAPE = [2, 3, 6, 6];
const wave = (count: number, factor = 1) =>
  Float32Array.from({ length: count }, (_, at) => factor * Math.sin(1.7 * at + 1));
const floats = (...dims: number[]): Constant => float32Tensor(wave(elementCount(dims)), dims);
const number = (value: number): Constant => float32Tensor([value], []);
const scales = (...values: number[]): Constant => float32Tensor(values, [values.length]);
const bytes = (type: 'int8' | 'uint8', dims: number[], offset = 0): Constant => {
  const data = wave(elementCount(dims), 100).map((value) => Math.round(value) + offset);
  return type === 'int8' ? { type, dims, data: Int8Array.from(data) } : { type, dims, data: Uint8Array.from(data) };
};
const zero = (value: number): Constant => ({ type: 'uint8', dims: [], data: Uint8Array.of(value) });
const zeroInt8 = (...values: number[]): Constant => ({
  type: 'int8',
  dims: values.length > 1 ? [values.length] : [],
  data: Int8Array.from(values),
});
const int32 = (...values: number[]): Constant => ({
  type: 'int32',
  dims: [values.length],
  data: Int32Array.from(values),
});

/** One operator on `x`, on x as integers with scale and zero point, or on what DynamicQuantizeLinear makes of it. */
interface Case {
  op: string;
  domain?: '' | 'com.microsoft';
  /** `x`, `q`, `s`, `z` are x, its integers, their scale and zero point; `flat` and `flatQ` are [2, 108], `rows` is x as [2, 18, 6]; '' is absent. */
  inputs: readonly (string | Constant)[];
  attributes?: Record<string, AttributeValue | { floats: number[] }>;
  /** The output is uint8 with this scale. */
  scale?: number;
}

const microsoft = 'com.microsoft' as const;
const y = [number(0.05), zero(100)];
const pool = { kernel_shape: [2, 2], strides: [2, 2] };

/** Before opset 13 the axes from `axis` on were one. */
const softmaxAttributes: Record<string, number>[] = [
  { opset: 11 },
  { opset: 11, axis: 2 },
  { opset: 13 },
  { opset: 13, axis: 1 },
];

const cases: Case[] = [
  {
    op: 'ConvInteger',
    inputs: ['q', bytes('int8', [4, 3, 3, 3]), 'z', zeroInt8(0)],
    attributes: { pads: [1, 1, 1, 1] },
  },
  {
    op: 'ConvInteger',
    inputs: ['q', bytes('uint8', [4, 3, 3, 3], 128), 'z', zero(120)],
    attributes: { strides: [2, 2] },
  },
  { op: 'MatMulInteger', inputs: ['flatQ', bytes('int8', [108, 5]), 'z', zeroInt8(3)] },
  { op: 'MatMulInteger', inputs: ['flatQ', bytes('int8', [108, 5]), 'z', zeroInt8(3, -2, 0, 7, 1)] },
  {
    op: 'QLinearConv',
    inputs: ['q', 's', 'z', bytes('int8', [4, 3, 3, 3]), number(0.01), zeroInt8(0), ...y],
    scale: 0.05,
  },
  {
    op: 'QLinearConv',
    inputs: [
      'q',
      's',
      'z',
      bytes('int8', [4, 3, 3, 3]),
      scales(0.01, 0.02, 0.01, 0.005),
      zeroInt8(0, 0, 0, 0),
      ...y,
      int32(900, -700, 10, 0),
    ],
    scale: 0.05,
  },
  {
    op: 'QLinearMatMul',
    inputs: ['flatQ', 's', 'z', bytes('int8', [108, 5]), number(0.01), zeroInt8(0), ...y],
    scale: 0.05,
  },
  {
    op: 'QLinearMatMul',
    inputs: [
      'flatQ',
      's',
      'z',
      bytes('int8', [108, 5]),
      scales(0.01, 0.02, 0.01, 0.005, 0.01),
      zeroInt8(0, 3, -2, 0, 1),
      ...y,
    ],
    scale: 0.05,
  },
  {
    op: 'QGemm',
    domain: microsoft,
    inputs: [
      'flatQ',
      's',
      'z',
      bytes('int8', [108, 3]),
      scales(0.01, 0.02, 0.005),
      zeroInt8(0, 0, 0),
      int32(1, 200, 3),
      ...y,
    ],
    attributes: { alpha: float(0.5) },
    scale: 0.05,
  },
  {
    op: 'QGemm',
    domain: microsoft,
    inputs: ['flatQ', 's', 'z', bytes('int8', [5, 108]), number(0.002), zeroInt8(0), int32(1, 2, 300, 4, 5), ...y],
    attributes: { transB: 1 },
    scale: 0.05,
  },
  { op: 'QLinearAdd', domain: microsoft, inputs: ['q', 's', 'z', 'q', 's', 'z', ...y], scale: 0.05 },
  { op: 'QLinearMul', domain: microsoft, inputs: ['q', 's', 'z', 'q', 's', 'z', ...y], scale: 0.05 },
  {
    op: 'QLinearConcat',
    domain: microsoft,
    inputs: [...y, 'q', 's', 'z', 'q', 's', 'z'],
    attributes: { axis: 1 },
    scale: 0.05,
  },
  {
    op: 'QLinearGlobalAveragePool',
    domain: microsoft,
    inputs: ['q', 's', 'z', ...y],
    attributes: { channels_last: 0 },
    scale: 0.05,
  },
  { op: 'QLinearAveragePool', domain: microsoft, inputs: ['q', 's', 'z', ...y], attributes: pool, scale: 0.05 },
  {
    op: 'QLinearLeakyRelu',
    domain: microsoft,
    inputs: ['q', 's', 'z', ...y],
    attributes: { alpha: float(0.2) },
    scale: 0.05,
  },
  { op: 'QLinearSigmoid', domain: microsoft, inputs: ['q', 's', 'z', number(1 / 256), zero(0)], scale: 1 / 256 },
  ...softmaxAttributes.map((attributes) => ({
    op: 'QLinearSoftmax',
    domain: microsoft,
    inputs: ['q', 's', 'z', number(1 / 256), zero(0)],
    attributes,
    scale: 1 / 256,
  })),
  {
    op: 'FusedConv',
    domain: microsoft,
    inputs: ['x', floats(4, 3, 3, 3), floats(4)],
    attributes: { activation: 'Relu' },
  },
  {
    op: 'FusedConv',
    domain: microsoft,
    inputs: ['x', floats(3, 3, 1, 1), floats(3), 'x'],
    attributes: { activation: 'LeakyRelu', activation_params: { floats: [0.2] } },
  },
  {
    op: 'FusedConv',
    domain: microsoft,
    inputs: ['x', floats(3, 3, 1, 1)],
    attributes: { activation: 'Clip', activation_params: { floats: [0, 0.5] } },
  },
  {
    op: 'FusedGemm',
    domain: microsoft,
    inputs: ['flat', floats(108, 4), floats(4)],
    attributes: { activation: 'Relu' },
  },
  { op: 'FusedMatMul', domain: microsoft, inputs: ['x', 'x'], attributes: { transB: 1, alpha: float(0.5) } },
  {
    op: 'FusedMatMul',
    domain: microsoft,
    inputs: ['rows', floats(6, 2, 5)],
    attributes: { transBatchB: 1 },
  },
  {
    op: 'FusedMatMul',
    domain: microsoft,
    inputs: ['rows', 'rows'],
    attributes: { transBatchA: 1, transBatchB: 1, transA: 1 },
  },
  { op: 'Gelu', domain: microsoft, inputs: ['x'] },
  { op: 'BiasGelu', domain: microsoft, inputs: ['x', floats(6)] },
  { op: 'FastGelu', domain: microsoft, inputs: ['x', floats(6)] },
  { op: 'QuickGelu', domain: microsoft, inputs: ['x'], attributes: { alpha: float(1.5) } },
  {
    op: 'SkipLayerNormalization',
    domain: microsoft,
    inputs: ['rows', floats(2, 18, 6), floats(6), floats(6), floats(6)],
    attributes: { epsilon: float(1e-5) },
  },
  {
    op: 'MatMulNBits',
    domain: microsoft,
    inputs: ['flat', bytes('uint8', [5, 4, 16], 128), scales(...wave(20))],
    attributes: { K: 108, N: 5, bits: 4, block_size: 32 },
  },
  {
    op: 'MatMulNBits',
    domain: microsoft,
    inputs: ['flat', bytes('uint8', [5, 7, 8], 128), scales(...wave(35)), bytes('uint8', [20], 128), '', floats(5)],
    attributes: { K: 108, N: 5, bits: 4, block_size: 16 },
  },
  {
    op: 'MatMulNBits',
    domain: microsoft,
    inputs: ['flat', bytes('uint8', [5, 4, 32], 128), scales(...wave(20)), bytes('uint8', [20], 128)],
    attributes: { K: 108, N: 5, bits: 8, block_size: 32 },
  },
  { op: 'TransposeMatMul', domain: microsoft, inputs: ['x', 'x'], attributes: { transA: 1, alpha: float(2) } },
  {
    op: 'DynamicQuantizeMatMul',
    domain: microsoft,
    inputs: ['flat', bytes('int8', [108, 5]), number(0.01), zeroInt8(0), floats(5)],
  },
];

describe('upgradedModel(model with integer or fused operators)', () => {
  it.each(cases)('computes what $op computes', async (entry) => {
    const old = modelFor(entry);
    const upgraded = upgradedModel(old);
    expect(upgraded.graph.nodes.every(({ op, domain }) => domain === '' && (op !== entry.op || op === 'Gelu'))).toBe(
      true,
    );
    const [expected, found] = [await outputOf(old), await outputOf(upgraded)];
    expect(found.dims).toEqual(expected.dims);
    const largest = Math.max(...(expected.data as Float32Array).map(Math.abs));
    // Integers may fall on the other side of a rounding; one step is the scale.
    const tolerance = entry.scale ?? 2e-5 * largest;
    const differences = (found.data as Float32Array).map((value, at) =>
      Math.abs(value - ((expected.data as Float32Array)[at] ?? NaN)),
    );
    expect(Math.max(...differences)).toBeLessThanOrEqual(1.01 * tolerance);
    expect(differences.filter((difference) => difference > 0.1 * tolerance).length).toBeLessThanOrEqual(
      0.05 * differences.length,
    );
    const b = new GraphBuilder(upgraded.graph);
    const gradient = gradients(b, 'y', ['x']).get('x') as string;
    expect(b.shape(gradient)).toEqual(SHAPE);
    expect(
      (await outputOf({ ...upgraded, graph: { ...b.graph, outputs: [{ name: gradient }] } })).data.some(
        (value) => value !== 0,
      ),
    ).toBe(true);
  });

  it.each(['MatMulInteger', 'ConvInteger'])('leaves what %s gives an int32 for all who read it', async (op) => {
    const inputs =
      op === 'MatMulInteger' ? ['flatQ', bytes('int8', [108, 5]), 'z'] : ['q', bytes('int8', [4, 3, 3, 3]), 'z'];
    const old = modelFor({ op, inputs });
    const b = new GraphBuilder(old.graph);
    b.op('Div', ['made', b.initializer('bias', int32(7))], {}, 'halves');
    b.graph.valueInfo.set('made', { name: 'made', value: { type: 'int32' } });
    for (const output of ['halves', 'made', 'y']) {
      const model = { ...old, graph: { ...old.graph, outputs: [{ name: output }] } };
      const [expected, found] = [await outputOf(model), await outputOf(upgradedModel(model))];
      expect(found).toMatchObject({ type: expected.type, dims: expected.dims, data: expected.data });
    }
    const graph = new GraphBuilder(upgradedModel(old).graph);
    expect(gradients(graph, 'y', ['x']).get('x')).not.toBeNull();
  });

  it('compares or names every operator of com.microsoft that is taken apart', () => {
    const compared = new Set(cases.map(({ op }) => op));
    const others = Object.keys(contributedOperators).filter((op) => !compared.has(op));
    // These two are handed on as they are.
    expect(others.toSorted()).toEqual(['DequantizeLinear', 'QuantizeLinear']);
  });

  it.each(['com.microsoft', ''])('refuses integers of 16 bits of "%s", which opset 17 does not have', (domain) => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const seven = b.initializer('seven', { type: 'uint16', dims: [], data: Uint16Array.of(7) });
    const node = { op: 'QuantizeLinear', domain, name: 'short', inputs: [x, b.scalar(1), seven], outputs: ['q'] };
    const graph = { ...b.graph, nodes: [{ ...node, attributes: {} }], outputs: [{ name: 'q' }] };
    const opsets = new Map([
      ['', domain === '' ? 21 : 17],
      ['com.microsoft', 1],
    ]);
    expect(() => upgradedModel({ ...modelOfGraph(graph), opsets })).toThrow(
      'QuantizeLinear "short": expected integers of opset 17: uint8, int8 or int32; got uint16; the network before it was quantised can be read',
    );
  });

  it.each(['QLinearAveragePool', 'QLinearGlobalAveragePool'])('refuses channels last in %s', (op) => {
    const attributes = { ...(op === 'QLinearAveragePool' && pool), channels_last: 1 };
    const model = modelFor({ op, domain: microsoft, inputs: ['q', 's', 'z', ...y], attributes });
    expect(() => upgradedModel(model)).toThrow(
      `com.microsoft.${op} "made": attribute channels_last has no counterpart in opset 17`,
    );
  });
});

function modelFor({ op, domain = '', inputs, attributes = {}, scale }: Case): Model {
  const b = new GraphBuilder();
  b.input('x', 'float32', SHAPE);
  const [q, s, z] = b.ops('DynamicQuantizeLinear', ['x'], 3) as [string, string, string];
  const flat = (value: string) => b.op('Reshape', [value, b.ints([2, -1])]);
  const named: Record<string, () => string> = {
    x: () => 'x',
    q: () => q,
    s: () => s,
    z: () => z,
    flat: () => flat('x'),
    flatQ: () => flat(q),
    rows: () => b.op('Reshape', ['x', b.ints([2, 18, 6])]),
    '': () => '',
  };
  const names = inputs.map((input, at) =>
    typeof input === 'string' ? (named[input] as () => string)() : b.initializer(`c${at}`, input),
  );
  const typed = Object.entries(attributes).map(
    ([name, value]) =>
      [
        name,
        typeof value === 'object' && 'floats' in value
          ? { kind: 'floats' as const, value: value.floats }
          : attributeOf(value),
      ] as const,
  );
  b.append({ op, domain, name: 'made', inputs: names, outputs: ['made'], attributes: Object.fromEntries(typed) });
  const isInteger = op.endsWith('Integer');
  if (scale !== undefined)
    b.append({
      op: 'DequantizeLinear',
      domain: '',
      name: 'y',
      inputs: ['made', b.scalar(scale)],
      outputs: ['y'],
      attributes: {},
    });
  else if (isInteger)
    b.append({
      op: 'Cast',
      domain: '',
      name: 'y',
      inputs: ['made'],
      outputs: ['y'],
      attributes: { to: { kind: 'int', value: 1 } },
    });
  else b.append({ op: 'Identity', domain: '', name: 'y', inputs: ['made'], outputs: ['y'], attributes: {} });
  b.graph.outputs.push({ name: 'y' });
  return {
    ...modelOfGraph(b.graph),
    opsets: new Map([
      ['', 17],
      ['com.microsoft', 1],
    ]),
  };
}

async function outputOf(model: Model): Promise<Tensor> {
  const session = await InferenceSession.create(modelBytes(model), {
    logSeverityLevel: 4,
    graphOptimizationLevel: 'disabled',
  });
  const results = await session.run({ x: new Tensor('float32', wave(elementCount(SHAPE)), SHAPE) });
  await session.release();
  return Object.values(results)[0] as Tensor;
}
