/** @file Subgraphs: the branch of an If whose condition depends only on sizes, as in PyTorch's Squeeze, and others in opset 17. */
import { copiedGraph, GraphBuilder } from '../build/build.js';
import { withSubgraphs } from '../build/subgraphs.js';
import { graphOf } from '../files/read.js';
import { InputError } from '../errors.js';
import { nodeLabel, outputOf, type Graph, type Node } from '../graph/graph.js';
import { nodesWithin, topologicalOrder, valuesRead } from '../graph/order.js';
import { expectAllMade } from './conversion.js';
import { conversionOf } from './table.js';

/** Appends what a node of a subgraph becomes. */
type Append = (b: GraphBuilder, node: Node) => void;

/**
 * The node with its subgraphs in opset 17. Those in which nothing changes stay as they are.
 * @param b with all values that a subgraph may read
 * @param append converts one node
 */
export function withUpgradedSubgraphs(b: GraphBuilder, node: Node, from: number, append: Append): Node {
  return withSubgraphs(node, (graph, name) => {
    const changes = nodesWithin({ g: graph, graphs: [] }).some(
      ({ opType, domain }) => (domain === '' || domain === 'ai.onnx') && conversionOf(opType, from) !== undefined,
    );
    if (!changes) return undefined;
    return upgradedSubgraph(b, graphOf(graph), b.unique(`${outputOf(node)}/${name}`), append);
  });
}

/** @param path of the names that are made, so that none is one of the graph around it */
function upgradedSubgraph(outer: GraphBuilder, graph: Graph, path: string, append: Append): Graph {
  const nodes = topologicalOrder(graph.nodes);
  const b = new GraphBuilder({ ...copiedGraph(graph), nodes: [] }, `${path}/`);
  b.reserve(nodes.flatMap(({ name, outputs }) => [name, ...outputs]));
  for (const name of nodes.flatMap(valuesRead)) {
    const [constant, type] = [outer.types.constant(name), outer.types.get(name)];
    if (b.types.get(name)) continue;
    if (constant) b.types.addConstant(name, constant);
    else if (type) b.types.addInput(name, type);
  }
  for (const node of nodes) append(b, node);
  expectAllMade(b.graph, nodes);
  return b.graph;
}

/**
 * The nodes that replace an If whose condition is constant; undefined for other nodes. Names in a branch differ from
 * those around it, so they stay; constants of the branch become initializers.
 * @throws InputError where a name of the branch is one of the graph too
 */
export function takenBranch(b: GraphBuilder, node: Node): Node[] | undefined {
  const condition = node.op === 'If' && node.domain === '' ? b.types.numbers(node.inputs[0])?.[0] : undefined;
  const attribute = node.attributes[condition === 0 ? 'else_branch' : 'then_branch'];
  if (condition === undefined || attribute?.kind !== 'opaque' || !attribute.value.g) return undefined;
  const branch = graphOf(attribute.value.g);
  const made = [...branch.initializers.keys(), ...branch.nodes.flatMap(({ outputs }) => outputs)];
  const known = made.find((name) => name !== '' && b.types.get(name));
  if (known) throw new InputError(`${nodeLabel(node)}: the graph has a value "${known}", which its branch makes again`);
  b.reserve(made);
  for (const [name, tensor] of branch.initializers) b.initializer(name, tensor);
  const handedOn = branch.outputs.flatMap(({ name }, index): Node[] => {
    const output = node.outputs[index];
    if (!output) return [];
    return [{ op: 'Identity', domain: '', name: output, inputs: [name], outputs: [output], attributes: {} }];
  });
  return [...branch.nodes, ...handedOn];
}
