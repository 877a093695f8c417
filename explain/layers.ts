/** @file The layers of a network that can be explained, and choosing among them. */
import { InputError } from '../onnx/errors.js';
import type { Graph, Node, Shape } from '../onnx/graph.js';
import { Types } from '../onnx/types.js';

/** A node's output that class activation maps can be made of. */
export interface Layer {
  /** Position among the network's convolutions; missing for nodes of another kind. */
  index?: number;
  /** The node's name, or its output's where it has none. */
  name: string;
  /** Name of the output. */
  value: string;
  op: string;
  /** [batch, channels, height, width] */
  shape: Shape;
}

/** `last-conv`, `all-convs`, an index of `convLayers`, the name of a node or of its output, or several of these. */
export type LayerChoice = string | number | readonly (string | number)[];

const MAX_LISTED = 20;

/**
 * The two-dimensional convolutions of a graph, in topological order.
 * @param graph of our dialect, in topological order
 */
export function convLayers(graph: Graph): Layer[] {
  return convLayersOf(graph, Types.of(graph));
}

function convLayersOf(graph: Graph, types: Types): Layer[] {
  return graph.nodes
    .filter((node) => node.op === 'Conv' && node.domain === '')
    .map((node) => layerOf(node, node.outputs[0] as string, types))
    .filter(({ shape }) => shape.length === 4)
    .map((layer, index) => ({ index, ...layer }));
}

/**
 * The chosen layers, in the order they are asked for, each once.
 * @param graph of our dialect, in topological order
 * @param choice `last-conv` is the last convolution whose output is larger than 1×1, so a discriminator's convolutional head
 *   is not taken; `all-convs` are all of these; a string may be a list with commas; a number is an index before it is a name
 * @throws InputError if there is no such layer, or its output is not [batch, channels, height, width] larger than 1×1
 */
export function selectedLayers(graph: Graph, choice: LayerChoice = 'last-conv'): Layer[] {
  const types = Types.of(graph);
  const convs = convLayersOf(graph, types);
  const one = (wanted: string): Layer[] => {
    if (wanted === 'last-conv' || wanted === 'all-convs')
      return spatialConvs(convs).slice(wanted === 'last-conv' ? -1 : 0);
    const byIndex = /^\d+$/.test(wanted) ? convs[Number(wanted)] : undefined;
    const layer = byIndex ?? namedLayer(graph, types, wanted);
    return layer ? [checkedLayer(layer)] : [];
  };
  const several = (wanted: string): Layer[] => {
    const whole = one(wanted.trim());
    if (whole.length > 0) return whole;
    const parts = wanted.split(',').map((part) => part.trim());
    return parts.flatMap((part) => {
      const found = one(part);
      if (found.length === 0) throw unknownLayer(part, convs);
      return found;
    });
  };
  const layers = [choice].flat().flatMap((wanted) => several(String(wanted)));
  return layers.filter(({ value }, at) => layers.findIndex((other) => other.value === value) === at);
}

function layerOf(node: Node, value: string, types: Types): Layer {
  return { name: node.name || value, value, op: node.op, shape: types.shape(value) ?? [] };
}

function spatialConvs(convs: readonly Layer[]): Layer[] {
  const spatial = convs.filter(isSpatial);
  if (spatial.length === 0) {
    throw new InputError(
      `--layer: expected a network with a convolution whose output is larger than 1×1; got ${convs.length > 0 ? `only ${listed(convs)}` : 'none'}`,
    );
  }
  return spatial;
}

/** A node's first output by the node's name, or any output by its own. */
function namedLayer(graph: Graph, types: Types, name: string): Layer | undefined {
  if (name === '') return undefined;
  const node =
    graph.nodes.find((each) => each.name === name) ?? graph.nodes.find((each) => each.outputs.includes(name));
  if (!node) return undefined;
  const value = node.name === name ? (node.outputs[0] as string) : name;
  const index = convLayersOf(graph, types).find((layer) => layer.value === value)?.index;
  return { ...(index !== undefined && { index }), ...layerOf(node, value, types) };
}

/** Symbolic sizes count as larger than 1. */
function isSpatial({ shape }: Layer): boolean {
  return shape.length === 4 && shape.slice(2).some((size) => size !== 1);
}

function checkedLayer(layer: Layer): Layer {
  if (isSpatial(layer)) return layer;
  throw new InputError(
    `--layer: expected an output [batch, channels, height, width] larger than 1×1; "${layer.name}" has ` +
      (layer.shape.length > 0 ? `[${layer.shape.join(', ')}]` : 'a shape that cannot be inferred'),
  );
}

function unknownLayer(wanted: string, convs: readonly Layer[]): InputError {
  return new InputError(
    `--layer: expected last-conv, all-convs, an index of 0…${convs.length - 1}, or the name of a node or its output; ` +
      `got "${wanted}"; the convolutions are ${listed(convs)}`,
  );
}

function listed(convs: readonly Layer[]): string {
  const more = convs.length > MAX_LISTED ? `, and ${convs.length - MAX_LISTED} more` : '';
  return (
    convs
      .slice(0, MAX_LISTED)
      .map(({ name }) => name)
      .join(', ') + more
  );
}
