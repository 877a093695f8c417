/** @file Suggests a layer to explain where a node on the path to the score cannot be differentiated. */
import { nodeLabel, type Node } from '../graph/graph.js';
import type { Types } from '../shapes/types.js';

/**
 * Names the nearest layer behind a node.
 * @param later the nodes between it and the score, in topological order; all of them can be differentiated
 */
export function nearestLayerNote(node: Node, later: readonly Node[], types: Types): string {
  const nearest = nearestLayer(node, later, types);
  return nearest
    ? `; the nearest layer after it that can be explained is ${nodeLabel(nearest)}`
    : '; no layer after it can be explained';
}

/**
 * The first Conv that depends on a node, or otherwise the first node whose output has positions ([N, C, H, W] or tokens
 * [N, T, C]).
 * @param later the nodes to choose from, in topological order
 */
export function nearestLayer(node: Node, later: readonly Node[], types: Types): Node | undefined {
  const reached = new Set(node.outputs);
  const layers = later.filter(({ inputs, outputs }) => {
    if (!inputs.some((name) => reached.has(name))) return false;
    for (const output of outputs) reached.add(output);
    return hasPositions(types, outputs[0]);
  });
  return layers.find(({ op }) => op === 'Conv') ?? layers[0];
}

function hasPositions(types: Types, value: string | undefined): boolean {
  const shape = types.shape(value ?? '') ?? [];
  const positions = shape.length === 4 ? shape.slice(2) : shape.length === 3 ? shape.slice(1, 2) : [];
  return positions.some((size) => size !== 1);
}
