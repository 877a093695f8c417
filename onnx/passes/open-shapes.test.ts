/** @file `openShapes` hides sizes from ONNX Runtime and changes no number. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../build/build.js';
import { modelBytes } from '../files/write.js';
import type { Graph } from '../graph/graph.js';
import { openShapes } from './open-shapes.js';

/** Sums of rows, with a shape and axes that are the same initializer: [1]. */
function graph(): Graph {
  const b = new GraphBuilder(emptyGraph('rows'));
  const x = b.input('x', 'float32', [2, 6]);
  const scale = b.input('scale', 'float32', []);
  const sums = b.reduceSum(b.reshape(x, [3, 4]), [1], false);
  const wide = b.op('Expand', [b.reshape(b.mul(scale, b.scalar(2)), [1]), b.ints([3])]);
  b.output(b.add(sums, wide), 'y');
  b.graph.outputs = [{ name: 'y', value: { type: 'float32' } }];
  return b.graph;
}

async function run(of: Graph) {
  const session = await InferenceSession.create(modelBytes(modelOfGraph(of)), { logSeverityLevel: 3 });
  const x = new Tensor('float32', Float32Array.from({ length: 12 }, Math.sqrt), [2, 6]);
  const { y } = await session.run({ x, scale: new Tensor('float32', Float32Array.of(3), []) });
  const known = session.outputMetadata.map((output) => (output.isTensor ? output.shape : undefined));
  const result = { data: (y as Tensor).data, inputs: session.inputNames, known };
  await session.release();
  return result;
}

describe('openShapes(graph, inputs)', () => {
  it('hides shapes from the runtime, asks for no further input, and leaves the numbers', async () => {
    const [before, after] = [await run(graph()), await run(openShapes(graph(), ['x']))];
    expect(before.known).toEqual([[3]]);
    expect(after.known).not.toEqual([[3]]);
    expect(after.inputs).toEqual(['x', 'scale']);
    expect(after.data).toEqual(before.data);
  });
});
