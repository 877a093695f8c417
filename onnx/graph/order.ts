/** @file Topological order, and pruning a graph to what some outputs need. */
import { InputError } from '../errors.js';
import { nodeLabel, presentInputs, type Graph, type Node, type ValueType } from './graph.js';
import type { AttributeProto, NodeProto } from '../proto/onnx_pb.js';

/** The nodes of an attribute's subgraphs, nested ones included. */
export function nodesWithin({ g, graphs }: Pick<AttributeProto, 'g' | 'graphs'>): NodeProto[] {
  return (g ? [g, ...graphs] : graphs).flatMap(({ node }) =>
    node.flatMap((inner) => [inner, ...inner.attribute.flatMap(nodesWithin)]),
  );
}

/** The nodes of a node's subgraphs (the branches of If, the body of Loop), nested ones included. */
export function subgraphNodes(node: Node): NodeProto[] {
  return Object.values(node.attributes).flatMap((attribute) =>
    attribute.kind === 'opaque' ? nodesWithin(attribute.value) : [],
  );
}

/** All values that a node needs: its inputs, and outer values that its subgraphs may use. */
export function valuesRead(node: Node): string[] {
  return [...presentInputs(node), ...subgraphNodes(node).flatMap(({ input }) => input)];
}

/** The nodes in topological order; independent nodes keep their order. @throws InputError naming a node on a cycle */
export function topologicalOrder(nodes: readonly Node[]): Node[] {
  const producers = new Map<string, Node>();
  for (const node of nodes) for (const output of node.outputs) if (output) producers.set(output, node);
  const ordered: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  for (const root of nodes) {
    const stack: Node[] = [root];
    while (stack.length > 0) {
      const node = stack.at(-1) as Node;
      if (state.get(node) === 'done') {
        stack.pop();
        continue;
      }
      const waiting = valuesRead(node)
        .map((name) => producers.get(name))
        .filter((producer) => producer !== undefined && state.get(producer) !== 'done') as Node[];
      if (waiting.length === 0) {
        state.set(node, 'done');
        ordered.push(node);
        stack.pop();
      } else {
        if (state.get(node) === 'open') throw new InputError(`${nodeLabel(node)}: the graph has a cycle`);
        state.set(node, 'open');
        for (const producer of waiting.toReversed()) stack.push(producer);
      }
    }
  }
  return ordered;
}

/**
 * The graph without nodes, initializers and inputs that the named values do not need; they become its outputs.
 * @param given values that are fed instead of computed, with their types; those that are needed become inputs
 */
export function prunedGraph(
  graph: Graph,
  outputs: readonly string[],
  given: ReadonlyMap<string, ValueType> = new Map(),
): Graph {
  const needed = new Set(outputs);
  const nodes = graph.nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((name) => needed.has(name) && !given.has(name))) return false;
      for (const name of valuesRead(node)) needed.add(name);
      return true;
    })
    .toReversed();
  const infos = new Map(
    [...graph.outputs, ...graph.inputs, ...graph.valueInfo.values()].map((info) => [info.name, info]),
  );
  const fed = [...given].map(([name, value]) => ({ name, value }));
  return {
    ...graph,
    nodes,
    inputs: [...graph.inputs.filter(({ name }) => !given.has(name)), ...fed].filter(({ name }) => needed.has(name)),
    outputs: outputs.map((name) => infos.get(name) ?? { name }),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
    valueInfo: new Map([...graph.valueInfo].filter(([name]) => needed.has(name) && !given.has(name))),
  };
}
