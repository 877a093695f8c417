/** @file The layers of a network that can be explained, and choosing among them. */
import type { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import { outputOf, type Graph, type Node, type Shape } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';

/** A node's output that class activation maps can be made of. */
export interface Layer {
  /** Position among the network's convolutions; missing for nodes of another kind. */
  index?: number;
  /** The node's name, or its output's where it has none. */
  name: string;
  /** Name of the output. */
  value: string;
  op: string;
  /** [batch, channels, height, width], or [batch, tokens, channels]. */
  shape: Shape;
  /** Where the output is tokens: their grid, and how many before it (such as a class token) are left out. */
  tokens?: { leading: number; height: number; width: number };
}

/** `last-conv`, `all-convs`, an index of `convLayers`, the name of a node or of its output, or several of these (`layerGroups`). */
export type LayerChoice = string | number | readonly (string | number)[];

const MAX_LISTED = 20;
/** Tokens before the grid: a class token and registers. */
const MAX_LEADING = 8;

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
    .map((node) => layerOf(node, outputOf(node), types))
    .filter(({ shape }) => shape.length === 4)
    .map((layer, index) => ({ index, ...layer }));
}

/**
 * What users are shown to choose from: the convolutions and, of transformers, the normalized tokens that lie on a grid.
 * @param graph of our dialect, in topological order
 */
export function listedLayers(graph: Graph, grid: TokenGrid): Layer[] {
  const types = Types.of(graph);
  const norms = graph.nodes.filter(({ op, domain }) => op === 'LayerNormalization' && domain === '');
  const tokens = norms
    .map((node) => layerOf(node, outputOf(node), types))
    .flatMap((layer) => {
      const own = layer.shape.length === 3 ? tokenGrid(layer, grid) : undefined;
      return own ? [{ ...layer, tokens: own }] : [];
    });
  return [...convLayersOf(graph, types), ...tokens];
}

/** What tells the grid of token layers. */
export interface TokenGrid {
  /** Size of the network's input. */
  picture: { height: number; width: number };
  /** The grid, where it cannot be told from the number of tokens. */
  tokens?: { height: number; width: number };
}

/**
 * The chosen layers, in the order they are asked for, each once; those that are averaged together as one group.
 * @param graph of our dialect, in topological order
 * @param choice `last-conv` is the last convolution whose output is larger than 1×1, so a discriminator's convolutional head
 *   is not taken; `all-convs` are all of these; a string may be a list with commas, whose entries may join layers that are
 *   averaged with `+`; a number is an index before it is a name
 * @param grid for layers of tokens [batch, tokens, channels], such as a transformer's
 * @throws InputError if there is no such layer, or its output is neither [batch, channels, height, width] larger than 1×1 nor
 *   tokens on a grid
 */
export function layerGroups(graph: Graph, choice: LayerChoice = 'last-conv', grid?: TokenGrid): Layer[][] {
  const types = Types.of(graph);
  const convs = convLayersOf(graph, types);
  const one = (wanted: string): Layer[] => {
    if (wanted === 'last-conv' || wanted === 'all-convs')
      return spatialConvs(convs).slice(wanted === 'last-conv' ? -1 : 0);
    const byIndex = /^\d+$/.test(wanted) ? convs[Number(wanted)] : undefined;
    const layer = byIndex ?? namedLayer(graph, types, wanted);
    return layer ? [checkedLayer(layer, grid)] : [];
  };
  const known = (wanted: string): Layer[] => {
    const found = one(wanted);
    if (found.length === 0) throw unknownLayer(wanted, convs);
    return found;
  };
  /** A name may hold the signs that separate names. */
  const group = (wanted: string): Layer[][] => {
    const whole = one(wanted);
    if (whole.length > 0) return whole.map((layer) => [layer]);
    return [distinct(wanted.split('+').flatMap((part) => known(part.trim())))];
  };
  const several = (wanted: string): Layer[][] => {
    const whole = one(wanted.trim());
    return whole.length > 0 ? whole.map((layer) => [layer]) : wanted.split(',').flatMap((part) => group(part.trim()));
  };
  const groups = [choice].flat().flatMap((wanted) => several(String(wanted)));
  const key = (layers: readonly Layer[]) => layers.map(({ value }) => value).join('\n');
  return groups.filter((layers, at) => groups.findIndex((other) => key(other) === key(layers)) === at);
}

/** The same with each layer on its own. */
export function selectedLayers(graph: Graph, choice?: LayerChoice, grid?: TokenGrid): Layer[] {
  return distinct(layerGroups(graph, choice, grid).flat());
}

function distinct(layers: readonly Layer[]): Layer[] {
  return layers.filter(({ value }, at) => layers.findIndex((other) => other.value === value) === at);
}

function layerOf(node: Node, value: string, types: Types): Layer {
  return { name: node.name || value, value, op: node.op, shape: types.shape(value) ?? [] };
}

/** A layer's output, or the gradient of it, as [batch, channels, height, width]. */
export function onGrid(b: GraphBuilder, { tokens, shape }: Layer, value: string): string {
  if (!tokens) return value;
  const [batch = 'batch', count = 0, channels = 0] = shape;
  const { leading, height, width } = tokens;
  const kept =
    leading === 0
      ? value
      : b.op('Slice', [value, b.ints([leading]), b.ints([count as number]), b.ints([1])], {}, 'grid_tokens');
  return b.reshape(b.transpose(kept, [0, 2, 1]), [batch, channels, height, width], 'grid');
}

function spatialConvs(convs: readonly Layer[]): Layer[] {
  const spatial = convs.filter(isSpatial);
  if (spatial.length === 0) {
    throw new InputError({
      name: 'layer',
      expected: 'a network with a convolution whose output is larger than 1×1',
      got: convs.length > 0 ? `only ${listed(convs)}` : 'none',
    });
  }
  return spatial;
}

/** A node's first output by the node's name, or any output by its own. */
function namedLayer(graph: Graph, types: Types, name: string): Layer | undefined {
  if (name === '') return undefined;
  const node =
    graph.nodes.find((each) => each.name === name) ?? graph.nodes.find((each) => each.outputs.includes(name));
  if (!node) return undefined;
  const value = node.name === name ? outputOf(node) : name;
  const index = convLayersOf(graph, types).find((layer) => layer.value === value)?.index;
  return { ...(index !== undefined && { index }), ...layerOf(node, value, types) };
}

/** Symbolic sizes count as larger than 1. */
function isSpatial({ shape }: Layer): boolean {
  return shape.length === 4 && shape.slice(2).some((size) => size !== 1);
}

function checkedLayer(layer: Layer, grid?: TokenGrid): Layer {
  if (isSpatial(layer)) return layer;
  if (layer.shape.length === 3 && grid) return { ...layer, tokens: tokensOf(layer, grid) };
  throw new InputError(
    `layer: expected an output [batch, channels, height, width] larger than 1×1, or [batch, tokens, channels]; ` +
      `"${layer.name}" has ${layer.shape.length > 0 ? `[${layer.shape.join(', ')}]` : 'a shape that cannot be inferred'}`,
  );
}

/** @throws InputError if the tokens make no grid */
function tokensOf(layer: Layer, grid: TokenGrid): NonNullable<Layer['tokens']> {
  const found = tokenGrid(layer, grid);
  if (found) return found;
  const { name, shape } = layer;
  if (typeof shape[1] !== 'number') {
    throw new InputError({ name: 'layer', expected: `a fixed number of tokens; "${name}" has [${shape.join(', ')}]` });
  }
  if (grid.tokens) {
    const { height, width } = grid.tokens;
    throw new InputError({ name: 'tokens', expected: `at most ${shape[1]} positions`, got: `${height}×${width}` });
  }
  throw new InputError({
    name: 'tokens',
    expected: `the grid of the ${shape[1]} tokens of "${name}", such as 14x14`,
    got: 'nothing',
  });
}

/**
 * How tokens lie on a grid: as stated, or as patches of equal sides that tile the picture, with no token, one (a class
 * token) or more up to `MAX_LEADING` (registers) before them; undefined where neither is so.
 */
function tokenGrid({ shape }: Layer, { picture, tokens }: TokenGrid): Layer['tokens'] {
  const count = shape[1];
  if (typeof count !== 'number') return undefined;
  if (tokens) {
    const leading = count - tokens.height * tokens.width;
    return leading >= 0 ? { leading, ...tokens } : undefined;
  }
  for (let leading = 0; leading <= MAX_LEADING && leading < count; leading++) {
    const side = Math.sqrt((picture.height * picture.width) / (count - leading));
    const [height, width] = [picture.height / side, picture.width / side].map(Math.round) as [number, number];
    const tiles = height * width === count - leading && height > 0 && width > 0;
    if (tiles && Math.abs(picture.height / height - picture.width / width) < 1) return { leading, height, width };
  }
  return undefined;
}

function unknownLayer(wanted: string, convs: readonly Layer[]): InputError {
  return new InputError(
    `layer: expected last-conv, all-convs, an index of 0…${convs.length - 1}, or the name of a node or its output; ` +
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
