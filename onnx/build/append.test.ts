import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createSession } from '../../inference/runtime/session.node.js';
import { appendedGraph } from './append.js';
import { GraphBuilder, modelOfGraph } from './build.js';
import { float32Tensor } from '../graph/tensor.js';

/** y = relu(x · w + 1) */
function inner() {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 2]);
  const w = b.initializer('w', float32Tensor([1, 2, 3, 4], [2, 2]));
  b.output(b.op('Relu', [b.add(b.matMul(x, w), b.scalar(1))]), 'y');
  return b.graph;
}

describe('appendedGraph(b, graph, feeds, prefix)', () => {
  it('computes the graph twice on other values, names under prefixes', async () => {
    const graph = inner();
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 2]);
    const once = appendedGraph(b, graph, new Map([['x', x]]), 'a/')('y');
    const twice = appendedGraph(b, graph, new Map([['x', once]]), 'b/')('y');
    expect([once, twice, b.shape(twice)]).toEqual(['a/y', 'b/y', [1, 2]]);
    b.output(twice);
    const session = await createSession(modelOfGraph(b.graph));
    const result = await session.run({ x: new Tensor('float32', Float32Array.of(1, -1), [1, 2]) });
    await session.release();
    // [1, -1] → relu([-1, -1]) = [0, 0] after the bias → [1, 1].
    expect(result['b/y']?.data).toEqual(Float32Array.of(1, 1));
    expect(graph.nodes.map(({ name }) => name)).toEqual(inner().nodes.map(({ name }) => name));
  });

  it('names an input that is not fed', () => {
    expect(() => appendedGraph(new GraphBuilder(), inner(), new Map(), 'a/')).toThrow(
      /expected a value for input "x"; got none/,
    );
  });
});
