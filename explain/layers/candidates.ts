/** @file The layers of a network that people choose from: convolutions, and normalized values with positions. */
import { ChannelAxes } from '../../inference/graphs/axes.js';
import { consumersOf, producersOf } from '../../onnx/graph/neighbours.js';
import { hasAspectOf } from '../../inference/graphs/score-place.js';
import { intsAttribute } from '../../onnx/graph/attributes.js';
import type { Graph, Node } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';
import { isSpatial, tokenGrid, type Layer, type Rows, type TokenGrid } from './layer.js';
import { PositionPlaces } from './places/places.js';
import { positionalValues } from './positions.js';

/** What is known of a graph when its layers are read. */
export interface LayerContext {
  graph: Graph;
  types: Types;
  axes: ChannelAxes;
  places: PositionPlaces;
}

/** @param graph of our dialect, in topological order */
export function layerContext(graph: Graph): LayerContext {
  const types = Types.of(graph);
  const [input] = graph.inputs;
  const shape = input?.value?.shape ?? [];
  const axis =
    typeof shape[3] === 'number' && shape[3] <= 4 && !(typeof shape[1] === 'number' && shape[1] <= 4) ? 3 : 1;
  return {
    graph,
    types,
    axes: new ChannelAxes(graph, types, input && shape.length === 4 ? { name: input.name, axis } : undefined),
    places: new PositionPlaces(graph, types, axis),
  };
}

/** The two-dimensional convolutions with their indices, in topological order. */
export function convolutions({ graph, types }: LayerContext): Layer[] {
  return graph.nodes
    .filter((node) => node.op === 'Conv' && node.domain === '')
    .map((node) => ({ ...named(node, node.outputs[0] as string), shape: types.shape(node.outputs[0] as string) ?? [] }))
    .filter(({ shape }) => shape.length === 4)
    .map((layer, index) => ({ index, ...layer }));
}

/** Normalized tokens of the picture, and normalized activations whose channels stand last, of which every row is a picture. */
export function normalizedLayers(context: LayerContext, grid: TokenGrid): Layer[] {
  const positional = positionalValues(context.graph, context.types);
  return normalizations(context.graph).flatMap(({ node, value }) => {
    if (!positional.has(value)) return [];
    const layer = layerOfValue(context, node, value);
    if (!hasPlaces(context, layer)) return [];
    if (layer.shape.length === 4) return isSpatial(layer) && hasAspect(layer, grid) ? [layer] : [];
    return withTokens(layer, grid, positional.get(value));
  });
}

/** A layer [batch, tokens, channels] with the grid of its tokens; none where they form none. */
export function withTokens(layer: Layer, grid: TokenGrid, rows?: Rows): Layer[] {
  const tokens = layer.shape.length === 3 ? tokenGrid(layer, grid, rows) : undefined;
  return tokens ? [{ ...layer, tokens }] : [];
}

/** Whether positions before the channels have the picture's aspect: those of windows or blocks, [N, blocks, tokens, C], do not. */
export function hasAspect({ shape, channelAxis = 1 }: Layer, { picture }: TokenGrid): boolean {
  const [height, width] = shape.filter((_, axis) => axis > 0 && axis !== channelAxis);
  if (typeof height !== 'number' || typeof width !== 'number') return true;
  return hasAspectOf(picture, height, width);
}

/** A node's output as a layer, with its channels' axis where it can be told. */
export function layerOfValue({ types, axes }: LayerContext, node: Node, value: string): Layer {
  const shape = types.shape(value) ?? [];
  const axis = axes.of(value) ?? (shape.length === 3 ? 2 : undefined);
  return {
    ...named(node, value),
    shape,
    ...(axis !== undefined && axis !== 1 && shape.length >= 3 && { channelAxis: axis }),
  };
}

function named(node: Node, value: string): Omit<Layer, 'shape'> {
  return { name: node.name || value, value, op: node.op };
}

/** Whether each row of a layer belongs to one picture: windows and folds of positions into the batch do not. */
export function rowsArePictures(graph: Graph, { shape }: Layer): boolean {
  const batch = graph.inputs[0]?.value?.shape?.[0];
  return batch === undefined || shape.length === 0 || shape[0] === batch;
}

/** Whether a layer's positions are known to lie in another order than the picture's: folded as in windows, or paired by attention. */
export function liesElsewhere({ axes, places }: LayerContext, layer: Layer): boolean {
  const { op, value, shape, channelAxis = 1 } = layer;
  return places.areElsewhere(value, op === 'Conv' ? 1 : shape.length === 3 ? channelAxis : axes.of(value));
}

/** Whether each row of a layer belongs to one picture, and its positions are not known to lie elsewhere. */
export function hasPlaces(context: LayerContext, layer: Layer): boolean {
  return rowsArePictures(context.graph, layer) && !liesElsewhere(context, layer);
}

/** Layer normalizations: nodes of their own, or written out as (x − mean)/√(variance + ε)·γ + β. */
function normalizations(graph: Graph): { node: Node; value: string }[] {
  const [producers, consumers] = [producersOf(graph), consumersOf(graph)];
  return graph.nodes.flatMap((node) => {
    if (node.domain !== '') return [];
    if (node.op === 'LayerNormalization') return [{ node, value: node.outputs[0] as string }];
    if (node.op !== 'Div') return [];
    const [above, below] = node.inputs.map((name) => producers.get(name));
    const mean = producers.get(above?.inputs[1] ?? '');
    const isCentred =
      above?.op === 'Sub' &&
      mean?.op === 'ReduceMean' &&
      mean.inputs[0] === above.inputs[0] &&
      intsAttribute(mean, 'axes')?.length === 1;
    if (!isCentred || (below?.op !== 'Sqrt' && below?.op !== 'Pow')) return [];
    return [lastOf(node, consumers)];
  });
}

/** The scale and shift that follow a division, as far as they are there. */
function lastOf(division: Node, consumers: ReadonlyMap<string, readonly Node[]>): { node: Node; value: string } {
  let node = division;
  for (const op of ['Mul', 'Add']) {
    const [next, ...others] = consumers.get(node.outputs[0] as string) ?? [];
    if (next?.op === op && others.length === 0) node = next;
  }
  return { node, value: node.outputs[0] as string };
}
