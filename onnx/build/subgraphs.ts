/** @file Changing the subgraphs of a node: the branches of If, the body of Loop. */
import { subgraphAttribute } from '../files/write.js';
import type { Attribute, Graph, Node } from '../graph/graph.js';
import type { GraphProto } from '../proto/onnx_pb.js';

/**
 * The node with other subgraphs; the node itself where all stay.
 * @param changed the graph in place of one, by the name of its attribute; undefined where it stays
 */
export function withSubgraphs(node: Node, changed: (graph: GraphProto, name: string) => Graph | undefined): Node {
  const made = Object.entries(node.attributes).flatMap(([name, attribute]): [string, Attribute][] => {
    const graph = attribute.kind === 'opaque' && attribute.value.g ? changed(attribute.value.g, name) : undefined;
    return graph ? [[name, subgraphAttribute(name, graph)]] : [];
  });
  return made.length === 0 ? node : { ...node, attributes: { ...node.attributes, ...Object.fromEntries(made) } };
}
