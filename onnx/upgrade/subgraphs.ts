/** @file Converts the subgraphs of a node, such as the branches of an If. */
import { copiedGraph, GraphBuilder } from '../build/build.js';
import { graphOf } from '../files/read.js';
import { subgraphAttribute } from '../files/write.js';
import { outputOf, type Attribute, type Graph, type Node } from '../graph/graph.js';
import { nodesWithin, topologicalOrder, valuesRead } from '../graph/order.js';
import type { AttributeProto } from '../proto/onnx_pb.js';
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
  const changes = (attribute: Attribute): attribute is { kind: 'opaque'; value: AttributeProto } =>
    attribute.kind === 'opaque' &&
    nodesWithin(attribute.value).some(
      ({ opType, domain }) => (domain === '' || domain === 'ai.onnx') && conversionOf(opType, from) !== undefined,
    );
  const entries = Object.entries(node.attributes);
  if (!entries.some(([, attribute]) => changes(attribute))) return node;
  const converted = entries.map(([name, attribute]): [string, Attribute] => {
    if (!changes(attribute) || !attribute.value.g) return [name, attribute];
    const path = b.unique(`${outputOf(node)}/${name}`);
    return [name, subgraphAttribute(name, upgradedSubgraph(b, graphOf(attribute.value.g), path, append))];
  });
  return { ...node, attributes: Object.fromEntries(converted) };
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
