import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../build/build.js';
import { modelBytes } from '../../files/write.js';
import { elementCount } from '../../graph/graph.js';
import { float32Tensor } from '../../graph/tensor.js';
import { outputsOf } from '../check.test.helper.js';
import { gradients } from '../walk.js';

const SHAPE = [2, 3, 5, 5];
const wave = (dims: readonly number[], factor = 1) =>
  float32Tensor(
    Float32Array.from({ length: elementCount(dims) }, (_, at) => factor * Math.sin(1.3 * at + 0.5)),
    dims,
  );

type Wrap = (b: GraphBuilder, value: string) => string;

const none: Wrap = (_b, value) => value;
const transposed: Wrap = (b, value) => b.op('Transpose', [value], { perm: [0, 1, 3, 2] });
const pair: Wrap = (b, value) => {
  const parameters = [
    b.scalar(0.01),
    b.initializer(b.unique('zero'), { type: 'uint8', dims: [], data: Uint8Array.of(128) }),
  ];
  return b.op('DequantizeLinear', [b.op('QuantizeLinear', [value, ...parameters]), ...parameters]);
};
const perChannel: Wrap = (b, value) => {
  const scale = b.initializer(b.unique('scales'), float32Tensor([0.01, 0.02, 0.015], [3]));
  const zero = b.initializer(b.unique('zeros'), { type: 'int8', dims: [3], data: Int8Array.of(0, 3, -5) });
  return b.op('DequantizeLinear', [b.op('QuantizeLinear', [value, scale, zero]), scale, zero]);
};
const dynamic: Wrap = (b, value) => b.op('DequantizeLinear', b.ops('DynamicQuantizeLinear', [value], 3));
const transposedBetween: Wrap = (b, value) => {
  const parameters = [
    b.scalar(0.01),
    b.initializer(b.unique('zero'), { type: 'uint8', dims: [], data: Uint8Array.of(128) }),
  ];
  const q = b.op('QuantizeLinear', [value, ...parameters]);
  return b.op('DequantizeLinear', [b.op('Transpose', [q], { perm: [0, 1, 3, 2] }), ...parameters]);
};

async function run(b: GraphBuilder, output: string, x: Float32Array): Promise<Float32Array> {
  b.graph.outputs.push({ name: output });
  const session = await InferenceSession.create(modelBytes(modelOfGraph(b.graph)), { logSeverityLevel: 4 });
  const results = await session.run({ x: new Tensor('float32', x, SHAPE) });
  await session.release();
  return (results[output] as Tensor).data as Float32Array;
}

function network(): GraphBuilder {
  const b = new GraphBuilder();
  b.input('x', 'float32', SHAPE);
  return b;
}

/** ∂Σ y²/∂x of a convolution of the wrapped x; of order 2, the gradient of its squares. */
async function gradientOf(wrap: Wrap, x: Float32Array, order: number): Promise<Float32Array> {
  const b = network();
  const kernel = b.initializer('kernel', wave([4, 3, 3, 3]));
  const y = b.op('Conv', [wrap(b, 'x'), kernel]);
  const squares = (value: string) => gradients(b, b.mul(value, value), ['x']).get('x') as string;
  return run(b, order === 1 ? squares(y) : squares(squares(y)), x);
}

describe('straight-through gradients', () => {
  const x = wave(SHAPE).data as Float32Array;

  it.each([
    ['one scale', pair, none],
    ['a scale per channel', perChannel, none],
    ['a scale computed from the tensor', dynamic, none],
    ['an operator on the integers', transposedBetween, transposed],
  ])('are those of the network at the rounded values: %s', async (_name, wrap, plain) => {
    const whole = network();
    const rounded = await run(whole, transposedBack(whole, wrap(whole, 'x'), plain), x);
    expect(rounded).not.toEqual(x);
    for (const order of [1, 2]) {
      const [expected, found] = [await gradientOf(plain, rounded, order), await gradientOf(wrap, x, order)];
      const largest = Math.max(...expected.map(Math.abs));
      const gap = Math.max(...found.map((value, at) => Math.abs(value - (expected[at] ?? NaN))));
      expect(gap, `order ${order}`).toBeLessThan(1e-5 * largest);
    }
  });
});

describe('gradients(…) of QuantizeLinear', () => {
  it('are zero where it clips, as that is how quantisers write a ReLU or a Clip', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [1, 2, 1, 4]);
    const scales = b.initializer('scales', float32Tensor([0.1, 0.01], [2]));
    const zeros = b.initializer('zeros', { type: 'uint8', dims: [2], data: Uint8Array.of(0, 5) });
    const q = b.op('QuantizeLinear', ['x', scales, zeros], { axis: 1 });
    const y = b.op('DequantizeLinear', [q, scales, zeros], { axis: 1 });
    const d = b.output(gradients(b, y, ['x']).get('x') as string, 'd');
    const data = [-3, -0.04, 25.5, 26, -0.06, -0.05, 0, 2.51];
    const found = (await outputsOf(b, { x: { dims: [1, 2, 1, 4], data } }))[d];
    expect(found).toEqual([0, 1, 1, 0, 0, 1, 1, 0].map((value) => expect.closeTo(value, 6)));
  });
});

describe('gradients(…) of operators on integers', () => {
  it.each<[string, (b: GraphBuilder, q: string) => string, boolean]>([
    ['Split', (b, q) => b.ops('Split', [q], 2, { axis: 3 })[1] as string, false],
    ['Relu', (b, q) => b.op('Relu', [q]), true],
  ])('%s are floats, as those of floats', async (_op, apply, clipped) => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [1, 1, 1, 4]);
    const zero = b.initializer('zero', { type: 'int8', dims: [], data: Int8Array.of(0) });
    const q = b.op('QuantizeLinear', ['x', b.scalar(0.1), zero]);
    const y = b.op('DequantizeLinear', [apply(b, q), b.scalar(0.1), zero]);
    const d = b.output(gradients(b, y, ['x']).get('x') as string, 'd');
    const found = (await outputsOf(b, { x: { dims: [1, 1, 1, 4], data: [1, -2, 3, -4] } }))[d];
    const expected = clipped ? [1, 0, 1, 0] : [0, 0, 1, 1];
    expect(found).toEqual(expected.map((value) => expect.closeTo(value, 6)));
  });
});

/** The rounded x itself: the transposition in between undone. */
const transposedBack = (b: GraphBuilder, value: string, plain: Wrap) => (plain === none ? value : plain(b, value));
