/** @file The order and the extent of graphs. */
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import type { Attribute, Graph, Node } from './graph.js';
import { prunedGraph, topologicalOrder } from './order.js';
import { AttributeProto_AttributeType, AttributeProtoSchema } from '../proto/onnx_pb.js';
import { float32Tensor } from './tensor.js';

const node = (name: string, inputs: string[], attributes: Record<string, Attribute> = {}): Node => ({
  op: 'Sum',
  domain: '',
  name,
  inputs,
  outputs: [name],
  attributes,
});

/** A subgraph that reads a value from around it. */
const reading = (value: string): Attribute => ({
  kind: 'opaque',
  value: create(AttributeProtoSchema, {
    name: 'then_branch',
    type: AttributeProto_AttributeType.GRAPH,
    g: { node: [{ opType: 'Identity', input: [value], output: ['inner'] }] },
  }),
});

const order = (nodes: Node[]) => topologicalOrder(nodes).map(({ name }) => name);

describe('topologicalOrder(nodes)', () => {
  it('leaves ordered nodes as they are', () => {
    expect(order([node('a', ['x']), node('c', ['x', '']), node('b', ['a', 'c'])])).toEqual(['a', 'c', 'b']);
  });

  it('puts every node after all that it reads, subgraphs included', () => {
    const nodes = [node('d', ['b', 'c']), node('b', ['a', 'c'], { g: reading('e') }), node('c', ['a']), node('a', [])];
    const found = order([...nodes, node('e', ['c'])]);
    expect(found.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const [later, earlier] of ['db', 'dc', 'ba', 'bc', 'ca', 'be', 'ec'].map((pair) => [...pair])) {
      expect(found.indexOf(later as string), found.join()).toBeGreaterThan(found.indexOf(earlier as string));
    }
  });

  it('orders long chains and dense graphs, reversed, in little time', () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => node(`n${at}`, at > 0 ? [`n${at - 1}`] : []));
    expect(order(chain.toReversed())).toEqual(chain.map(({ name }) => name));
    const dense = Array.from({ length: 200 }, (_, at) =>
      node(
        `n${at}`,
        Array.from({ length: at }, (_x, to) => `n${to}`),
      ),
    );
    expect(order(dense.toReversed())).toEqual(dense.map(({ name }) => name));
  });

  it('refuses cycles, naming a node', () => {
    expect(() => order([node('a', ['c']), node('b', ['a']), node('c', ['b'])])).toThrow(InputError);
    expect(() => order([node('a', ['a'])])).toThrow('Sum "a": the graph has a cycle');
  });
});

describe('prunedGraph(graph, outputs)', () => {
  const branching = (): Graph => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 2]);
    b.input('unused', 'float32', [1]);
    b.initializer('w', float32Tensor([1, 2], [2]));
    b.initializer('v', float32Tensor([1, 2], [2]));
    const left = b.add('x', 'w', 'left');
    b.output(b.mul(left, 'v', 'right'), 'y');
    b.graph.valueInfo.set('left', { name: 'left', value: { type: 'float32', shape: ['N', 2] } });
    return b.graph;
  };

  it('keeps what the outputs need, and nothing else', () => {
    const pruned = prunedGraph(branching(), ['left']);
    expect(pruned.nodes.map(({ name }) => name)).toEqual(['left']);
    expect(pruned.inputs.map(({ name }) => name)).toEqual(['x']);
    expect([...pruned.initializers.keys()]).toEqual(['w']);
  });

  it('keeps what is known of the new outputs', () => {
    const known = { type: 'float32', shape: ['N', 2] };
    expect(prunedGraph(branching(), ['left', 'y']).outputs).toMatchObject([
      { name: 'left', value: known },
      { name: 'y', value: known },
    ]);
    expect(prunedGraph(branching(), ['right']).outputs).toEqual([{ name: 'right' }]);
  });

  it('keeps what only a subgraph reads', () => {
    const graph = branching();
    graph.nodes.push(node('if', [], { then_branch: reading('left') }));
    expect(prunedGraph(graph, ['if']).nodes.map(({ name }) => name)).toEqual(['left', 'if']);
  });

  it('leaves the given graph as it was', () => {
    const graph = branching();
    prunedGraph(graph, ['left']);
    expect(graph).toEqual(branching());
  });
});
