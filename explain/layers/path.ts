/** @file The way from the picture to the scores: which values all of it goes through. */
import { descendants } from '../../inference/graphs/links.js';
import type { Graph, Node } from '../../onnx/graph/graph.js';
import { valuesRead } from '../../onnx/graph/order.js';
import type { Layer } from './layer.js';

/** The nodes through which a value depends on another, in topological order. */
export function pathNodes(graph: Graph, from: string, to: string): Node[] {
  const after = descendants(graph, from);
  const before = new Set([to]);
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => before.has(name) && after.has(name))) return false;
    for (const name of valuesRead(node)) before.add(name);
    return true;
  });
  return nodes.toReversed();
}

/** The values that every way from the picture to the scores goes through, in topological order. */
export function cutValues(nodes: readonly Node[], from: string, to: string): string[] {
  const uses = new Map<string, number>([[to, 1]]);
  for (const node of nodes) for (const name of new Set(valuesRead(node))) uses.set(name, (uses.get(name) ?? 0) + 1);
  const live = new Set([from]);
  const cuts: string[] = [];
  for (const node of nodes) {
    for (const name of new Set(valuesRead(node))) {
      const left = (uses.get(name) ?? 0) - 1;
      uses.set(name, left);
      if (left === 0) live.delete(name);
    }
    for (const output of node.outputs) if ((uses.get(output) ?? 0) > 0) live.add(output);
    const [only, ...others] = live;
    if (only !== undefined && others.length === 0 && node.outputs.includes(only)) cuts.push(only);
  }
  return cuts;
}

/** The layers between the picture and the scores, where there are any. */
export function layersOnPath(graph: Graph, layers: readonly Layer[], logits: string | undefined): readonly Layer[] {
  const nodes = logits === undefined ? [] : pathNodes(graph, graph.inputs[0]?.name ?? '', logits);
  const values = new Set(nodes.flatMap(({ outputs }) => outputs));
  const found = layers.filter(({ value }) => values.has(value));
  return found.length > 0 ? found : layers;
}
