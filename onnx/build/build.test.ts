/** @file Names, shared constants and paths of built graphs. */
import { describe, expect, it } from 'vitest';
import { attributeOf, float, numberAttribute } from '../graph/attributes.js';
import { copiedGraph, GraphBuilder, modelOfGraph } from './build.js';
import { InputError } from '../errors.js';
import { float32Tensor, scalarTensor } from '../graph/tensor.js';
import { modelBytes } from '../files/write.js';

const start = () => {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['N', 4]);
  return b;
};

describe('GraphBuilder', () => {
  it('numbers names that are taken, and puts what is made within a path under it', () => {
    const b = start();
    expect([b.op('Relu', ['x']), b.op('Relu', ['x']), b.op('Relu', ['x'], {}, 'x')]).toEqual(['Relu', 'Relu_1', 'x_1']);
    expect(b.within('a', () => b.within('b', () => b.op('Relu', ['x'])))).toBe('a/b/Relu');
    expect(b.ops('Dropout', ['x'], 2)).toEqual(['Dropout', 'Dropout:1']);
  });

  it('keeps reserved names for what is appended later', () => {
    const b = start();
    b.reserve(['Relu']);
    expect(b.op('Relu', ['x'])).toBe('Relu_1');
  });

  it('goes on with a graph without taking its names', () => {
    const b = start();
    b.op('Relu', ['x']);
    const copy = new GraphBuilder(copiedGraph(b.graph));
    expect(copy.op('Relu', ['x'])).toBe('Relu_1');
    expect(b.graph.nodes).toHaveLength(1);
  });

  it('shares equal constants, and tells different ones apart', () => {
    const b = start();
    expect(b.ints([1, 1])).toBe(b.ints([1, 1]));
    expect(
      new Set([b.ints([1, 1]), b.ints([11]), b.ints([]), b.ints([1]), b.scalar(1), b.scalar(1, 'int64')]).size,
    ).toBe(6);
    expect(b.types.shape(b.scalar(1))).toEqual([]);
  });

  it('refuses a name twice for inputs, weights and outputs', () => {
    const b = start();
    expect(() => b.input('x', 'float32', [1])).toThrow('the name "x" is taken');
    expect(() => b.initializer('x', float32Tensor([1], [1]))).toThrow('the name "x" is taken');
  });

  it('reshapes to one symbolic size, and to no more', () => {
    const b = start();
    expect(b.shape(b.reshape('x', ['N', 2, 2]))).toEqual(['N', 2, 2]);
    expect(() => b.reshape('x', ['N', 'M'])).toThrow('more than one symbolic size');
  });

  it('gives the same bytes for the same steps', () => {
    const bytes = () => {
      const b = start();
      b.output(
        b.op('Gemm', ['x', b.initializer('w', float32Tensor([1, 2, 3, 4], [4, 1]))], { transB: 0, alpha: float(2) }),
        'y',
      );
      return Buffer.from(modelBytes(modelOfGraph(b.graph, new Map([['key', 'value']]))));
    };
    expect(bytes()).toEqual(bytes());
  });
});

describe('attributes', () => {
  it('are typed by what they are given, and fractions need a mark', () => {
    expect(attributeOf(1)).toEqual({ kind: 'int', value: 1 });
    expect(attributeOf(float(1))).toEqual({ kind: 'float', value: 1 });
    expect(attributeOf([])).toEqual({ kind: 'ints', value: [] });
    expect(attributeOf(['a'])).toEqual({ kind: 'strings', value: ['a'] });
    expect(attributeOf(scalarTensor('int64', 3)).kind).toBe('tensor');
    expect(() => attributeOf(0.5)).toThrow('wrap it in float()');
  });

  it('of the wrong kind are refused by name', () => {
    const node = {
      op: 'Flatten',
      domain: '',
      name: 'f',
      inputs: [],
      outputs: ['y'],
      attributes: { axis: attributeOf('1') },
    };
    expect(() => numberAttribute(node, 'axis', 1)).toThrow(InputError);
    expect(() => numberAttribute(node, 'axis', 1)).toThrow(
      'Flatten "f": attribute axis: expected a number; got string',
    );
  });
});
