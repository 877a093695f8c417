/** @file Which values depend on others. */
import type { Graph } from '../../onnx/graph/graph.js';
import { valuesRead } from '../../onnx/graph/order.js';

/** The values that change with one, itself included. @param graph in topological order */
export function dependents(graph: Graph, value: string): Set<string> {
  const found = new Set([value]);
  for (const node of graph.nodes) {
    if (valuesRead(node).some((name) => found.has(name)))
      for (const output of node.outputs) if (output) found.add(output);
  }
  return found;
}

/** The values that one is made of, itself included. @param graph in topological order */
export function ancestors(graph: Graph, value: string): Set<string> {
  const found = new Set([value]);
  for (const node of graph.nodes.toReversed()) {
    if (node.outputs.some((name) => found.has(name))) for (const name of valuesRead(node)) found.add(name);
  }
  return found;
}

/** Sizes are read off values without depending on what they hold. */
const sizes = new Set(['Shape', 'Size']);

/** The values that are computed from what a value holds, and the value itself. */
export function descendants(graph: Graph, value: string): Set<string> {
  const found = new Set([value]);
  for (const node of graph.nodes) {
    if (sizes.has(node.op) || !valuesRead(node).some((name) => found.has(name))) continue;
    for (const output of node.outputs) found.add(output);
  }
  return found;
}
