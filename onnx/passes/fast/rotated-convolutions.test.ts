/** @file `rotatedConvolutions` computes what the convolutions it replaces computed. */
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { emptyGraph, GraphBuilder } from '../../build/build.js';
import { elementCount, type Graph } from '../../graph/graph.js';
import { float32Tensor } from '../../graph/tensor.js';
import { output } from '../output.test.helper.js';
import { rotatedConvolutions } from './rotated-convolutions.js';

interface Case {
  x: number[];
  w: number[];
  attributes: Record<string, number[] | number>;
}

const cases: Case[] = [
  { x: [2, 3, 5, 6], w: [3, 4, 3, 3], attributes: { pads: [1, 1, 1, 1] } },
  { x: [2, 3, 5, 4], w: [3, 2, 1, 1], attributes: {} },
  { x: [1, 2, 4, 5], w: [2, 3, 3, 2], attributes: { pads: [0, 1, 2, 0] } },
  { x: [1, 2, 6, 5], w: [2, 3, 2, 3], attributes: { dilations: [3, 2], pads: [1, 2, 0, 3] } },
  { x: [2, 4, 5, 5], w: [4, 3, 3, 3], attributes: { group: 2, pads: [1, 1, 1, 1] } },
  { x: [2, 3, 4, 4], w: [3, 1, 3, 3], attributes: { group: 3, pads: [1, 0, 0, 1] } },
  { x: [2, 3, 7], w: [3, 4, 4], attributes: { pads: [2, 1] } },
];

describe('rotatedConvolutions(graph)', () => {
  it.each(cases)('equals ConvTranspose for $x with $w and $attributes', async ({ x, w, attributes }) => {
    const graph = transposed(x, w, attributes);
    const rotated = rotatedConvolutions(graph);
    const ops = rotated.nodes.map(({ op }) => op);
    expect([ops.includes('Conv'), ops.includes('ConvTranspose')]).toEqual([true, false]);
    await expectEqual(graph, rotated, x);
  });

  it.each<Case>([
    { x: [2, 3, 5, 4], w: [3, 4, 1, 1], attributes: { strides: [2, 2], output_padding: [1, 1] } },
    { x: [1, 4, 3, 5], w: [4, 3, 1, 1], attributes: { strides: [2, 3], output_padding: [1, 2], group: 2 } },
  ])('equals ConvTranspose for $x with $w and $attributes, spread out', async ({ x, w, attributes }) => {
    const graph = transposed(x, w, attributes, false);
    const spread = rotatedConvolutions(graph);
    expect(spread.nodes.slice(0, 3).map(({ op }) => op)).toEqual(['Conv', 'Resize', 'Mul']);
    await expectEqual(graph, spread, x);
  });

  it('leaves other strides, more padding than the kernel reaches, and computed weights as they are', () => {
    const strided = transposed([1, 2, 4, 4], [2, 3, 4, 4], { strides: [2, 2] });
    const short = transposed([1, 2, 4, 4], [2, 3, 1, 1], { strides: [2, 2] }, false);
    const biased = transposed([1, 2, 4, 4], [2, 3, 1, 1], { strides: [2, 2], output_padding: [1, 1] });
    const cut = transposed([1, 2, 4, 4], [2, 3, 1, 1], { pads: [1, 1, 1, 1] });
    const b = new GraphBuilder(emptyGraph('computed'));
    b.output(
      b.op('ConvTranspose', [b.input('x', 'float32', [1, 2, 4, 4]), b.input('w', 'float32', [2, 3, 3, 3])]),
      'y',
    );
    for (const graph of [strided, short, biased, cut, b.graph]) expect(rotatedConvolutions(graph)).toBe(graph);
  });

  it('keeps the weights once for the nodes that share them', () => {
    const b = new GraphBuilder(emptyGraph('shared'));
    const w = b.initializer('w', float32Tensor(wave([2, 2, 3, 3], 2), [2, 2, 3, 3]));
    const once = b.op('ConvTranspose', [b.input('x', 'float32', ['N', 2, 4, 4]), w]);
    b.output(b.op('ConvTranspose', [once, w]), 'y');
    expect([...rotatedConvolutions(b.graph).initializers.keys()]).toEqual(['const/w/rotated']);
  });
});

function transposed(x: number[], w: number[], attributes: Case['attributes'], withBias = true): Graph {
  const b = new GraphBuilder(emptyGraph('transposed'));
  b.input('x', 'float32', ['N', ...x.slice(1)]);
  const weights = b.initializer('w', float32Tensor(wave(w, 2), w));
  const group = Number(attributes['group'] ?? 1);
  const filters = (w[1] as number) * group;
  const bias = withBias ? [b.initializer('bias', float32Tensor(wave([filters], 3), [filters]))] : [];
  b.output(b.op('ConvTranspose', ['x', weights, ...bias], attributes), 'y');
  return b.graph;
}

function wave(dims: readonly number[], phase: number): Float32Array {
  return Float32Array.from({ length: elementCount(dims) }, (_, index) => Math.sin(index * 1.7 + phase));
}

/** Both compute the same of a picture of this shape. */
async function expectEqual(graph: Graph, other: Graph, x: readonly number[]): Promise<void> {
  const feeds = { x: new Tensor('float32', wave(x, 1), x) };
  const [expected, found] = [await output(graph, feeds), await output(other, feeds)];
  expect(found.dims).toEqual(expected.dims);
  const error = Math.max(
    ...(found.data as Float32Array).map((value, index) => Math.abs(value - Number(expected.data[index]))),
  );
  expect(error).toBeLessThan(1e-5);
}
