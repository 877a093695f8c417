/** @file `convTransposeToMatMul` computes what the convolutions it replaces computed. */
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { emptyGraph, GraphBuilder } from '../build/build.js';
import { elementCount } from '../graph/graph.js';
import { output } from './output.test.helper.js';
import { convTransposeToMatMul } from './conv-transpose-to-matmul.js';

const cases: { x: number[]; w: number[]; attributes: Record<string, number[]> }[] = [
  { x: [3, 5, 4, 4], w: [5, 2, 4, 4], attributes: { strides: [2, 2], pads: [1, 1, 1, 1] } },
  { x: [2, 3, 3, 5], w: [3, 4, 3, 2], attributes: { strides: [2, 3], pads: [1, 0, 0, 1], output_padding: [1, 2] } },
  { x: [2, 3, 2, 3], w: [3, 2, 3, 3], attributes: { dilations: [2, 1], strides: [1, 2] } },
  { x: [2, 2, 5], w: [2, 3, 4], attributes: { strides: [3] } },
];

describe('convTransposeToMatMul(graph)', () => {
  it.each(cases)('equals ConvTranspose for $x with $attributes', async ({ x, w, attributes }) => {
    const b = new GraphBuilder(emptyGraph('transposed'));
    b.input('x', 'float32', ['N', ...x.slice(1)]);
    b.input('w', 'float32', w);
    b.output(b.op('ConvTranspose', ['x', 'w'], attributes), 'y');
    const replaced = convTransposeToMatMul(b.graph);
    expect(replaced.nodes.map(({ op }) => op)).not.toContain('ConvTranspose');
    const feeds = { x: wave(x), w: wave(w) };
    const [expected, found] = [await output(b.graph, feeds), await output(replaced, feeds)];
    expect(found.dims).toEqual(expected.dims);
    const error = Math.max(
      ...(found.data as Float32Array).map((value, index) => Math.abs(value - Number(expected.data[index]))),
    );
    expect(error).toBeLessThan(1e-5);
  });

  it('leaves convolutions of huge strides', () => {
    const b = new GraphBuilder(emptyGraph('transposed'));
    b.input('x', 'float32', ['N', 1, 16]);
    b.input('w', 'float32', [1, 1, 1]);
    b.output(b.op('ConvTranspose', ['x', 'w'], { strides: [4_000_000] }), 'y');
    expect(convTransposeToMatMul(b.graph).nodes.map(({ op }) => op)).toContain('ConvTranspose');
  });
});

function wave(dims: number[]): Tensor {
  return new Tensor(
    'float32',
    Float32Array.from({ length: elementCount(dims) }, (_, index) => Math.sin(index * 1.7 + dims.length)),
    dims,
  );
}
