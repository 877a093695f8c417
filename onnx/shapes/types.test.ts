/** @file Types of values: arithmetic on sizes as exporters write it, constants, and what a file states itself. */
import { describe, expect, it } from 'vitest';
import { attributeOf } from '../graph/attributes.js';
import { GraphBuilder } from '../build/build.js';
import type { Node, ValueInfo } from '../graph/graph.js';
import { float32Tensor, int64Tensor, scalarTensor } from '../graph/tensor.js';
import { Types } from './types.js';

const start = () => {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['N', 3, 4, 5]);
  return b;
};

const other = (outputs: string[], op = 'Unheard', inputs = ['x']): Node => ({
  op,
  domain: '',
  name: op,
  inputs,
  outputs,
  attributes: {},
});

describe('Types and values without a shape', () => {
  it('name the node at which the shape is lost', () => {
    const b = start();
    const last = other(['y'], 'Relu', ['between']);
    for (const node of [other(['lost']), other(['between'], 'Abs', ['lost']), last]) b.append(node);
    expect(() => b.types.knownShape('between', last)).toThrow(
      'Relu "Relu": the shape of "between" cannot be inferred, as that of the output of Unheard "Unheard"',
    );
    expect(() => b.types.knownShape('lost', last)).toThrow(/the shape of "lost" cannot be inferred$/);
  });

  it('name no node whose absent output has no shape', () => {
    const b = start();
    const last = other(['y'], 'Relu', ['lost']);
    for (const node of [other(['z', ''], 'Unseen'), other(['lost']), last]) b.append(node);
    expect(() => b.types.knownShape('lost', last)).toThrow(/the shape of "lost" cannot be inferred$/);
  });
});

describe('Types and arithmetic on sizes', () => {
  it('follow Shape, Gather, Unsqueeze and Concat into Reshape', () => {
    const b = start();
    const batch = b.op('Gather', [b.op('Shape', ['x']), b.initializer('zero', scalarTensor('int64', 0))]);
    const target = b.op('Concat', [b.op('Unsqueeze', [batch, b.ints([0])]), b.ints([-1])], { axis: 0 });
    expect(b.shape(b.op('Reshape', ['x', target]))).toEqual(['N', 60]);
  });

  it('follow roots, powers and the largest size, as exporters compute grids and scales', () => {
    const b = start();
    const sides = b.op('Slice', [b.op('Shape', ['x']), b.ints([2]), b.ints([4])]);
    const floats = b.op('Cast', [sides], { to: 1 });
    expect(b.types.contents(b.op('ReduceMax', [floats], { keepdims: 0 }))).toEqual([5]);
    expect(b.types.contents(b.op('ReduceMin', [floats], { keepdims: 0 }))).toEqual([4]);
    expect(b.types.contents(b.op('ReduceSum', [sides, b.ints([0])]))).toEqual([9]);
    const four = b.op('ReduceMin', [floats], { keepdims: 0 });
    expect(b.types.contents(b.op('Pow', [four, b.scalar(0.5)]))).toEqual([2]);
    expect(b.types.contents(b.op('Sqrt', [four]))).toEqual([2]);
    const batch = b.op('Slice', [b.op('Shape', ['x']), b.ints([0]), b.ints([1])]);
    expect(b.types.contents(b.op('Sqrt', [batch]))).toBeUndefined();
    expect(b.types.contents(b.op('ReduceMax', [b.op('Shape', ['x'])], { keepdims: 0 }))).toBeUndefined();
  });

  it('follow OneHot into the repeats of Tile, as repeat_interleave is exported', () => {
    const b = start();
    const batch = b.op('Slice', [b.op('Shape', ['x']), b.ints([0]), b.ints([1])]);
    const values = b.op('Concat', [b.ints([1]), b.div(batch, batch)], { axis: 0 });
    const counts = (index: number) => b.op('OneHot', [b.ints([index]), b.scalar(4, 'int64'), values], { axis: -1 });
    expect(b.types.contents(counts(1))).toEqual([1, 1, 1, 1]);
    expect(b.shape(b.op('Tile', ['x', b.reshape(counts(1), [-1])]))).toEqual(['N', 3, 4, 5]);
    const twice = b.op('Concat', [b.ints([1]), b.ints([2])], { axis: 0 });
    const last = b.op('OneHot', [b.scalar(-1, 'int64'), b.scalar(4, 'int64'), twice]);
    expect(b.shape(b.op('Tile', ['x', last]))).toEqual(['N', 3, 4, 10]);
    const columns = b.op('OneHot', [b.ints([0, 1]), b.scalar(4, 'int64'), twice], { axis: 0 });
    expect(b.types.contents(columns)).toBeUndefined();
  });

  it('follow products and quotients of sizes', () => {
    const b = start();
    const sizes = b.op('Shape', ['x']);
    const channels = b.op('Slice', [sizes, b.ints([1]), b.ints([2])]);
    const all = b.mul(b.op('Slice', [sizes, b.ints([0]), b.ints([1])]), channels);
    expect(b.types.contents(all)).toEqual(['3*N']);
    expect(b.types.contents(b.div(all, channels))).toEqual(['N']);
    const rest = b.op('Slice', [sizes, b.ints([-1]), b.ints([1]), b.ints([0]), b.ints([-1])]);
    expect(b.types.contents(rest)).toEqual([5, 4]);
    expect(b.shape(b.op('Reshape', ['x', b.op('Concat', [all, rest], { axis: 0 })]))).toEqual(['3*N', 5, 4]);
  });

  it("follow PyTorch's way to write the pads of Pad", () => {
    const b = start();
    const filled = b.op(
      'Concat',
      [b.ints([1, 2, 0, 3]), b.op('ConstantOfShape', [b.ints([4])], { value: int64Zero() })],
      {
        axis: 0,
      },
    );
    const pairs = b.reshape(filled, [-1, 2]);
    const reversed = b.op('Slice', [pairs, b.ints([-1]), b.ints([-(2 ** 63)]), b.ints([0]), b.ints([-1])]);
    const pads = b.op('Cast', [b.reshape(b.transpose(reversed, [1, 0]), [-1])], { to: 7 });
    expect(b.types.integers(pads)).toEqual([0, 0, 0, 1, 0, 0, 3, 2]);
    expect(b.shape(b.op('Pad', ['x', pads]))).toEqual(['N', 3, 7, 8]);
  });

  it('follow the target of expand as PyTorch writes it: −1 keeps a size', () => {
    const b = start();
    const target = b.reshape(
      b.op('Concat', [b.op('Shape', ['x'], { start: 0, end: 1 }), b.ints([-1, 4])], { axis: 0 }),
      [-1],
    );
    const ones = b.op('ConstantOfShape', [b.op('Shape', [target])], { value: int64Tensor([1]) });
    const kept = b.op('Equal', [target, b.mul(ones, b.scalar(-1, 'int64'))]);
    const token = b.input('token', 'float32', [1, 5, 4]);
    const expanded = b.op('Expand', [token, b.op('Where', [kept, ones, target])]);
    expect(b.shape(expanded)).toEqual(['N', 5, 4]);
  });

  it('follow scales that are computed from sizes, in float32', () => {
    const b = start();
    const sizes = b.op('Cast', [b.op('Shape', ['x'], { start: 2 })], { to: 1 });
    const wanted = b.op('Floor', [b.mul(sizes, b.scalar(1.5))]);
    expect(b.types.numbers(wanted)).toEqual([6, 7]);
    const scales = b.op('Concat', [b.initializer('ones', float32Tensor([1, 1], [2])), b.div(wanted, sizes)], {
      axis: 0,
    });
    expect(b.types.numbers(scales)).toEqual([1, 1, 1.5, Math.fround(7 / 5)]);
    expect(b.shape(b.op('Resize', ['x', '', scales]))).toEqual(['N', 3, 6, 7]);
    const whole = b.op('Cast', [b.mul(sizes, b.scalar(1.7))], { to: 7 });
    expect(b.types.integers(whole)).toEqual([6, 8]);
    expect(b.types.integers(wanted)).toEqual([6, 7]);
    expect(b.types.integers(b.div(wanted, sizes))).toBeUndefined();
  });

  it('follow Range, Size, Tile, comparisons and rounding', () => {
    const b = start();
    const numbers = b.op('Range', [b.scalar(1, 'int64'), b.scalar(8, 'int64'), b.scalar(3, 'int64')]);
    expect(b.types.integers(numbers)).toEqual([1, 4, 7]);
    expect(b.types.contents(b.op('Size', ['x']))).toEqual(['60*N']);
    expect(b.types.integers(b.op('Tile', [numbers, b.ints([2])]))).toEqual([1, 4, 7, 1, 4, 7]);
    expect(b.types.integers(b.op('Greater', [numbers, b.scalar(3, 'int64')]))).toEqual([0, 1, 1]);
    const halves = b.initializer('halves', float32Tensor([-1.5, -0.5, 0.5, 2.5], [4]));
    expect(b.types.numbers(b.op('Round', [halves]))).toEqual([-2, -0, 0, 2]);
    expect(b.types.numbers(b.op('Neg', [b.op('Ceil', [halves])]))).toEqual([1, 0, -1, -3]);
    const batch = b.op('Shape', ['x'], { start: 0, end: 1 });
    expect(b.types.contents(b.op('Equal', [batch, batch]))).toEqual([1]);
    expect(b.types.contents(b.op('Equal', [batch, b.ints([3])]))).toBeUndefined();
    expect(b.types.contents(b.op('Neg', [batch]))).toBeUndefined();
    expect(b.types.contents(b.div(batch, batch))).toEqual([1]);
    expect(b.shape(b.op('Range', [b.scalar(0, 'int64'), b.op('Squeeze', [batch]), b.scalar(1, 'int64')]))).toEqual([
      'N',
    ]);
  });

  it('give truth values as 0 and 1, and remainders with the sign that Mod states', () => {
    const b = start();
    const bool = 9;
    const flags = b.op('Cast', [b.ints([2, 0, -1])], { to: bool });
    expect(b.types.contents(flags)).toEqual([1, 0, 1]);
    expect(b.types.contents(b.op('Not', [flags]))).toEqual([0, 1, 0]);
    expect(b.types.contents(b.op('Cast', [b.op('Shape', ['x'], { end: 1 })], { to: bool }))).toBeUndefined();
    const remainder = (attributes: { fmod?: number }) => b.op('Mod', [b.ints([-3, 3]), b.ints([2, -2])], attributes);
    expect(b.types.contents(remainder({}))).toEqual([1, -1]);
    expect(b.types.contents(remainder({ fmod: 0 }))).toEqual([1, -1]);
    expect(b.types.contents(remainder({ fmod: 1 }))).toEqual([-1, 1]);
  });

  it('do not know integers that their type does not hold', () => {
    const b = start();
    const [int32, int64] = [6, 7];
    const large = b.ints([2 ** 31 - 1]);
    const narrow = (value: string) => b.op('Cast', [value], { to: int32 });
    expect(b.types.contents(narrow(large))).toEqual([2 ** 31 - 1]);
    expect(b.types.contents(narrow(b.ints([2 ** 31])))).toBeUndefined();
    expect(b.types.contents(narrow(b.ints([2 ** 63])))).toBeUndefined();
    expect(b.types.contents(b.add(narrow(large), narrow(large)))).toBeUndefined();
    expect(b.types.contents(b.mul(narrow(large), narrow(large)))).toBeUndefined();
    expect(b.types.contents(b.add(large, large))).toEqual([2 ** 32 - 2]);
    const most = b.ints([2 ** 63]);
    expect(b.types.contents(b.add(most, b.ints([1])))).toBeUndefined();
    expect(b.types.contents(b.op('ReduceSum', [b.op('Concat', [most, most], { axis: 0 })]))).toBeUndefined();
    expect(b.types.contents(b.op('Cast', [most], { to: int64 }))).toEqual([2 ** 63]);
  });

  it('follow the order of axes that a Transpose states', () => {
    const b = start();
    const table = b.initializer('table', int64Tensor([1, 2, 3, 4, 5, 6], [2, 3]));
    expect(b.types.contents(b.transpose(table, [1, 0]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(b.types.contents(b.op('Transpose', [table]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(b.types.contents(b.transpose(table, [0, 1]))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(b.types.contents(b.op('Transpose', [b.ints([7, 8])]))).toEqual([7, 8]);
  });

  it('know no contents that do not fit the shape', () => {
    const b = start();
    const column = b.initializer('column', int64Tensor([1, 2], [2, 1]));
    const sums = b.add(column, b.ints([10, 20]));
    expect([b.shape(sums), b.types.contents(sums)]).toEqual([[2, 2], undefined]);
    const batch = b.op('Slice', [b.op('Shape', ['x']), b.ints([0]), b.ints([1])]);
    const open = b.op('Reshape', [b.ints([1, 2, 3, 4]), b.op('Concat', [batch, b.ints([2])], { axis: 0 })]);
    expect(b.types.contents(b.op('Transpose', [open]))).toBeUndefined();
    // One element cannot fill these sizes; a slice of them must not be laid out.
    const large = b.op('Reshape', [b.ints([1]), b.ints([90_000_000])]);
    expect(b.types.contents(b.op('Slice', [large, b.ints([0]), b.ints([2 ** 40])]))).toBeUndefined();
  });

  it('do not take a symbolic size for a number', () => {
    const b = start();
    expect(b.types.integers(b.op('Shape', ['x']))).toBeUndefined();
    expect(b.types.contents(b.op('Shape', ['x']))).toEqual(['N', 3, 4, 5]);
  });
});

describe('Types and open sizes', () => {
  const picture = () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 1, 'H', 'W']);
    const height = (op: string, attributes: Parameters<typeof b.op>[2] = {}, inputs = ['x']) =>
      b.shape(b.op(op, inputs, attributes))[2];
    return { b, height };
  };

  it('are equal where they are computed alike', () => {
    const { b, height } = picture();
    const one = b.initializer('w1', float32Tensor([1], [1, 1, 1, 1]));
    const nine = b.initializer('w3', float32Tensor(new Float32Array(9), [1, 1, 3, 3]));
    const halved = { strides: [2, 2] };
    expect(height('Conv', { pads: [1, 1, 1, 1] }, ['x', nine])).toBe('H');
    expect(height('Conv', { ...halved, pads: [1, 1, 1, 1] }, ['x', nine])).toBe('{{H+1}/2}');
    expect(height('Conv', halved, ['x', one])).toBe('{{H+1}/2}');
    expect(height('Conv', { ...halved, auto_pad: 'SAME_UPPER' }, ['x', nine])).toBe('{{H+1}/2}');
    expect(height('Conv', { auto_pad: 'SAME_LOWER' }, ['x', nine])).toBe('H');
    expect(height('ConvTranspose', { ...halved, output_padding: [1, 1] }, ['x', one])).toBe('2*H');
    const scales = (scale: number) => b.initializer(`by${scale}`, float32Tensor([1, 1, scale, 1], [4]));
    expect(height('Resize', {}, ['x', '', scales(2)])).toBe('2*H');
    expect(height('Pad', {}, ['x', b.ints([0, 0, 1, 0, 0, 0, -1, 0])])).toBe('H');
    expect(height('Concat', { axis: 2 }, ['x', 'x'])).toBe('2*H');
  });

  it('are different where anything else determines them', () => {
    const { b, height } = picture();
    const pool = (kernel: number, stride: number, others = {}) =>
      height('MaxPool', { kernel_shape: [kernel, kernel], strides: [stride, stride], ...others });
    const nine = b.initializer('w3', float32Tensor(new Float32Array(9), [1, 1, 3, 3]));
    const scales = (scale: number) => b.initializer(`by${scale}`, float32Tensor([1, 1, scale, 1], [4]));
    const pads = (rows: number) => b.ints([0, 0, rows, 0, 0, 0, 0, 0]);
    b.input('sizes', 'int64', [4]);
    const unknown = (name: string) => b.op('Reshape', ['x', 'sizes'], {}, name);
    const sizes = [
      pool(2, 2),
      pool(2, 1),
      pool(3, 3),
      pool(3, 2, { dilations: [2, 2] }),
      pool(2, 2, { pads: [1, 1, 1, 1] }),
      pool(2, 2, { ceil_mode: 1 }),
      pool(3, 2, { ceil_mode: 1 }),
      height('ConvTranspose', { strides: [2, 2] }, ['x', nine]),
      height('ConvTranspose', { strides: [4, 4] }, ['x', nine]),
      ...[0.5, 0.25, 2, 3].map((scale) => height('Resize', {}, ['x', '', scales(scale)])),
      ...[1, 2].map((rows) => height('Pad', {}, ['x', pads(rows)])),
      ...['a', 'b'].map((name) => height('Reshape', {}, [unknown(name), b.ints([0, 0, 0, 1])])),
    ];
    expect(new Set(sizes).size).toBe(sizes.length);
  });
});

describe('Types and what a file states', () => {
  const stated: ValueInfo = { name: 'u', value: { type: 'float32', shape: ['N', 7] } };

  it('take over the types of operators without a rule, and go on from there', () => {
    const b = start();
    b.graph.valueInfo.set('u', stated);
    b.append(other(['u']));
    expect(b.shape(b.op('Relu', ['u']))).toEqual(['N', 7]);
    expect(Types.of(b.graph).shape('u')).toEqual(['N', 7]);
  });

  it('believe their own rules more', () => {
    const b = start();
    b.graph.valueInfo.set('u', stated);
    b.append(other(['u'], 'Relu'));
    expect(b.shape('u')).toEqual(['N', 3, 4, 5]);
  });

  it('know nothing of operators with the names of JavaScript properties', () => {
    const b = start();
    for (const op of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) b.append(other([op], op, ['x', 'x']));
    expect(b.types.get('constructor')).toBeUndefined();
  });
});

describe('Types and constants', () => {
  it('read every form of Constant', () => {
    const b = start();
    const constant = (name: string, value: Parameters<typeof attributeOf>[0]) =>
      b.op('Constant', [], { [name]: value });
    expect(b.types.integers(constant('value_int', 3))).toEqual([3]);
    expect(b.types.integers(constant('value_ints', [3, 4]))).toEqual([3, 4]);
    expect(b.types.constant(constant('value', scalarTensor('float32', 2)))?.data).toEqual(Float32Array.of(2));
    const [end, last] = [constant('value_ints', [2 ** 63]), constant('value_int', 2 ** 63)];
    expect([end, last].map((name) => b.types.constant(name)?.data)).toEqual([[INT64_MAX], [INT64_MAX]].map(int64s));
    expect(b.shape(b.op('Slice', ['x', b.ints([1]), end, b.ints([2])]))).toEqual(['N', 3, 3, 5]);
  });
});

const INT64_MAX = 2n ** 63n - 1n;
const int64s = (values: readonly bigint[]) => BigInt64Array.from(values);

const int64Zero = () => ({ type: 'int64' as const, dims: [1], data: BigInt64Array.of(0n) });
