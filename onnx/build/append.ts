/** @file Appends one graph to another: its names get a prefix, its inputs become values of the other graph. */
import type { GraphBuilder } from './build.js';
import { InputError } from '../errors.js';
import type { Graph } from '../graph/graph.js';

/**
 * Appends a copy of a graph's nodes and initializers.
 * @param graph of our dialect, in topological order
 * @param feeds a value of the builder's graph for each input
 * @param prefix put before every name, such as `judge/`
 * @returns the new name of any value of the graph
 * @throws InputError if an input has no value
 */
export function appendedGraph(
  b: GraphBuilder,
  graph: Graph,
  feeds: ReadonlyMap<string, string>,
  prefix: string,
): (value: string) => string {
  for (const { name } of graph.inputs) {
    if (!feeds.has(name))
      throw new InputError({ name: `graph "${graph.name}"`, expected: `a value for input "${name}"`, got: 'none' });
  }
  const renamed = (value: string) => (value === '' ? '' : (feeds.get(value) ?? `${prefix}${value}`));
  for (const [name, tensor] of graph.initializers) {
    const { origin: _, ...plain } = tensor;
    b.initializer(renamed(name), plain);
  }
  for (const { origin: _, ...node } of graph.nodes) {
    b.append({
      ...node,
      name: node.name === '' ? '' : `${prefix}${node.name}`,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
    });
  }
  return renamed;
}
