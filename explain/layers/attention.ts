/** @file Transformers whose tokens all attend to each other: the attention of each layer, and the tokens it makes. */
import { consumersOf, producersOf } from '../../onnx/graph/neighbours.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { numberAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import { InputError } from '../../onnx/errors.js';
import { nodeLabel, type Graph, type Node } from '../../onnx/graph/graph.js';
import { layerContext, withTokens, type LayerContext } from './candidates.js';
import type { Layer, TokenGrid } from './layer.js';
import { cutValues, pathNodes } from './path.js';
import { positionalValues } from './positions.js';
import { remembered } from './remembered.js';
import { tokenReach } from './token-reach.js';

/** What attention maps need to know of a transformer. */
export interface AttentionLayers {
  /** From the first to the last. */
  layers: readonly AttentionLayer[];
  /** How many tokens there are. */
  count: number;
  /** How they lie on a grid. */
  tokens: NonNullable<Layer['tokens']>;
  /** The tokens that the scores are made of after the last layer: a class token, or those that are averaged. */
  read: readonly number[];
}

/** One self-attention. */
export interface AttentionLayer {
  /** The value with the share of each token in each other [N, heads, T, T], or [N·heads, T, T]. */
  shares: string;
  /** The tokens after the attention and what follows it, up to the next [N, T, C], or [T, N, C]. */
  tokens: string;
}

/** Operators between a softmax and the product with the values. */
const passing = new Set(['Dropout', 'Identity', 'Cast', 'Reshape', 'Where', 'IsNaN']);

/**
 * @param graph of our dialect, in topological order
 * @throws InputError that says what the network has instead
 */
export function attentionLayers(graph: Graph, head: ScoreHead, grid: TokenGrid): AttentionLayers {
  return remembered(graph, ['attention', head.logits, grid], () => foundLayers(graph, head, grid));
}

function foundLayers(graph: Graph, head: ScoreHead, grid: TokenGrid): AttentionLayers {
  const context = layerContext(graph);
  const picture = graph.inputs[0]?.name ?? '';
  const nodes = pathNodes(graph, picture, head.logits);
  const softmaxes = attentionNodes(graph, nodes, context);
  const values = tokenValues(nodes, picture, head.logits, context);
  const places = new Map(nodes.map((node, at) => [node, at]));
  const placeOf = (node: Node | undefined) => (node && places.get(node)) ?? nodes.length;
  // Behind the sums of a layer that normalizes at its end come further values, as many as in the layer before.
  let behind = 0;
  const found = softmaxes.map((node, at): TokenValue => {
    const [from, to] = [placeOf(node), placeOf(softmaxes[at + 1])];
    const own = values.filter((value) => placeOf(value.node) > from && placeOf(value.node) < to);
    const sum = own.findLastIndex(({ isSum }) => isSum);
    const shape = context.types.shape(node.outputs[0] ?? '') ?? [];
    if (own[sum]?.count !== shape.at(-1) || shape.at(-1) !== shape.at(-2))
      throw unsuited(`${nodeLabel(node)} [${shape.join(', ')}], which is not one of all tokens`);
    if (at < softmaxes.length - 1) behind = own.length - 1 - sum;
    return (own[sum + behind] ?? own[sum]) as TokenValue;
  });
  const last = found.at(-1) as TokenValue;
  if (found.some(({ count, channels }) => count !== last.count || channels !== last.channels))
    throw unsuited('layers with different numbers of tokens or channels');
  const layers = softmaxes.map((node, at) => ({
    shares: node.outputs[0] as string,
    tokens: (found[at] as TokenValue).value,
  }));
  return { layers, count: last.count, tokens: gridOf(last, context, grid), read: readTokens(last, head, context) };
}

/** The softmaxes that make shares of tokens, in order. */
function attentionNodes(graph: Graph, nodes: readonly Node[], { types }: LayerContext): Node[] {
  const readers = consumersOf(graph);
  const meetsValues = (value: string): boolean =>
    (readers.get(value) ?? []).some(({ op, inputs, outputs: [output = ''] }) =>
      passing.has(op) ? meetsValues(output) : (op === 'MatMul' && inputs[0] === value) || op === 'Einsum',
    );
  const found = nodes.filter((node) => {
    const shape = types.shape(node.outputs[0] ?? '') ?? [];
    const isLast = positiveAxis(numberAttribute(node, 'axis', -1), shape.length) === shape.length - 1;
    return (
      node.domain === '' && node.op === 'Softmax' && shape.length >= 3 && isLast && meetsValues(node.outputs[0] ?? '')
    );
  });
  if (found.length > 0) return found;
  const fused = nodes.find(({ op, domain }) => domain !== '' && /attention/i.test(op));
  throw unsuited(fused ? `${nodeLabel(fused)}, which is no standard operator` : 'no attention');
}

/** Tokens that everything after them is computed from. */
interface TokenValue {
  value: string;
  node: Node;
  /** Whether it adds what a layer makes of tokens to them. */
  isSum: boolean;
  count: number;
  channels: number;
  /** The tokens' axis. */
  axis: number;
}

/** The tokens that all ways from the picture to the scores go through, in order. */
function tokenValues(
  nodes: readonly Node[],
  picture: string,
  logits: string,
  { graph, types }: LayerContext,
): TokenValue[] {
  const batch = graph.inputs[0]?.value?.shape?.[0];
  const makers = producersOf({ nodes });
  return cutValues(nodes, picture, logits).flatMap((value): TokenValue[] => {
    const node = makers.get(value);
    const shape = types.shape(value) ?? [];
    const isSum = node?.op === 'Add' && node.inputs.every((name) => makers.has(name));
    if (node === undefined || shape.length !== 3) return [];
    const axis = shape[0] === batch ? 1 : 0;
    const [count, channels] = [shape[axis], shape[2]];
    if (shape[1 - axis] !== batch || typeof count !== 'number' || typeof channels !== 'number') return [];
    return [{ value, node, isSum, count, channels, axis }];
  });
}

/** @throws InputError if the tokens do not form a grid */
function gridOf({ value, node, count, channels, axis }: TokenValue, context: LayerContext, grid: TokenGrid) {
  const rows = positionalValues(context.graph, context.types).get(value);
  const layer = { name: nodeLabel(node), value, op: node.op, shape: ['batch', count, channels], channelAxis: 2 };
  const own = rows === undefined || rows === 'all' || rows.axis !== axis ? 'all' : { ...rows, axis: 1 };
  const [found] = withTokens(layer, grid, own);
  if (found?.tokens) return found.tokens;
  throw new InputError({ name: 'tokens', expected: `the grid of the ${count} tokens, such as 14x14`, got: 'nothing' });
}

/** The tokens that the scores depend on. */
function readTokens({ value, count, axis }: TokenValue, head: ScoreHead, { graph, types }: LayerContext): number[] {
  const reach = tokenReach(graph, types, head.logits).get(value) ?? 'all';
  const all = Array.from({ length: count }, (_, at) => at);
  return reach === 'all' || reach.axis !== axis ? all : all.filter((at) => reach.positions.has(at));
}

function unsuited(got: string): InputError {
  return new InputError({
    name: 'method',
    expected: 'for attention maps, a transformer in whose layers every token attends to all others',
    got,
  });
}
