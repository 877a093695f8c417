/** @file The layer that is explained where none is named. */
import type { Node } from '../../onnx/graph/graph.js';
import { producersOf } from '../../onnx/graph/neighbours.js';
import {
  convolutions,
  hasPlaces,
  layerOfValue,
  normalizedLayers,
  withTokens,
  type LayerContext,
} from './candidates.js';
import { isSpatial, tokenAxis, type Layer, type TokenGrid } from './layer.js';
import { cutValues, pathNodes } from './path.js';
import { positionalValues } from './positions.js';
import { scoreNodes } from './score-nodes.js';
import { tokenReach, type Reach } from './token-reach.js';

/** A group of layers that are averaged, mostly one, and why it is taken. */
export interface DefaultLayer {
  layers: readonly Layer[];
  because: string;
}

const joining = new Set(['Add', 'Sum', 'Mul']);
/** Operators that only move tokens, or leave some out. */
const moving = new Set([
  'Transpose',
  'Reshape',
  'Slice',
  'Gather',
  'Identity',
  'Squeeze',
  'Unsqueeze',
  'Split',
  'Flatten',
]);
const activations = new Set(['Relu', 'LeakyRelu', 'PRelu', 'Clip', 'Elu', 'HardSwish', 'Gelu']);

/**
 * The last layer with positions that the scores depend on: not the convolution that makes scores of positions, what branches
 * and shortcuts join into rather than one of them, and of transformers the last tokens of which more than a class token is
 * read.
 * @returns undefined where no layer has positions
 */
export function defaultLayer(context: LayerContext, grid: TokenGrid, dense: boolean): DefaultLayer | undefined {
  const { graph, types } = context;
  const picture = graph.inputs[0]?.name ?? '';
  const logits = grid.logits ?? '';
  const nodes = pathNodes(graph, picture, logits);
  const onPath = new Set(nodes.flatMap(({ outputs }) => outputs));
  const reach = tokenReach(graph, types, logits);
  const scores = dense ? scoreNodes(nodes, logits, types) : [];
  const scoreValues = new Set(scores.flatMap(({ outputs }) => outputs));
  const places = new Map(nodes.map((node, at) => [node.outputs[0], at]));
  const candidates = [...convolutions(context), ...normalizedLayers(context, grid)]
    .filter((layer) => onPath.has(layer.value) && !scoreValues.has(layer.value) && hasPlaces(context, layer))
    .filter((layer) => reachesGrid(layer, reach) && (layer.tokens !== undefined || isSpatial(layer)))
    .toSorted((a, b) => (places.get(a.value) ?? 0) - (places.get(b.value) ?? 0));
  const layerAt = (value: string) => {
    const node = nodes.find(({ outputs }) => outputs.includes(value)) as Node;
    return layerOfValue(context, node, value);
  };
  const features = scores.length > 1 ? featuresOf(scores, nodes, candidates) : [];
  if (features.length > 1) {
    const layers = features.map((layer) => rectified(layer, nodes, layerAt));
    return { layers, because: 'the last layer before the scores of each scale' };
  }
  const cuts = cutValues(nodes, picture, logits);
  const last = candidates.at(-1);
  const positional = positionalValues(graph, types);
  const region = scoreRegion(scores, nodes);
  const tokens = cuts
    .filter((value) => positional.has(value) && !region.has(value) && value !== logits)
    .filter((value) => computedAfter(value, last?.value, nodes, places))
    .flatMap((value) => withTokens(layerAt(value), grid, positional.get(value)))
    .filter(({ op }) => !moving.has(op))
    .filter((layer) => reachesGrid(layer, reach) && hasPlaces(context, layer))
    .at(-1);
  if (tokens || last?.tokens) {
    const layer = (tokens ?? last) as Layer;
    return { layers: [layer], because: 'the last tokens of the grid that the scores depend on' };
  }
  if (!last) return undefined;
  if (cuts.includes(last.value)) {
    const normalized = normalizedNext(nodes, last.value);
    if (normalized === undefined) return { layers: [last], because: describedLast(last, dense) };
    return {
      layers: [layerAt(normalized)],
      because: 'what follows the last convolution, as normalization makes the mean gradient before it zero',
    };
  }
  const joint = cuts
    .slice(cuts.findIndex((value) => (places.get(value) ?? 0) > (places.get(last.value) ?? 0)))
    .filter((value) => (places.get(value) ?? 0) > (places.get(last.value) ?? 0) && !region.has(value))
    .filter((value) => positional.has(value))
    .map(layerAt)
    .find((layer) => isSpatial(layer) && hasPlaces(context, layer) && !scoreValues.has(layer.value));
  if (!joint) return { layers: [last], because: describedLast(last, dense) };
  return { layers: [activated(joint, nodes, cuts, layerAt)], because: 'what the last branches join into' };
}

/** The default layer of a transformer, if it comes after a convolution: a last one that only makes patches, or stands aside. */
export function tokensAfter(conv: Layer, context: LayerContext, grid: TokenGrid, dense: boolean): Layer | undefined {
  if (grid.logits === undefined) return undefined;
  const [layer] = defaultLayer(context, grid, dense)?.layers ?? [];
  if (!layer || (!layer.tokens && layer.channelAxis !== 3)) return undefined;
  const places = context.graph.nodes.flatMap(({ outputs }) => outputs);
  return places.indexOf(layer.value) > places.indexOf(conv.value) ? layer : undefined;
}

/** Operators that compute new features. */
const computing = new Set(['MatMul', 'Gemm', 'Einsum']);

/** Whether new features are computed between a layer, or the picture, and a value after it. */
function computedAfter(
  value: string,
  layer: string | undefined,
  nodes: readonly Node[],
  places: ReadonlyMap<string | undefined, number>,
): boolean {
  const [from, to] = [layer === undefined ? -1 : (places.get(layer) ?? 0), places.get(value) ?? 0];
  return nodes.slice(from + 1, to + 1).some(({ op, domain }) => domain === '' && computing.has(op));
}

function describedLast({ op }: Layer, dense: boolean): string {
  const kind = op === 'Conv' ? 'convolution' : 'normalized layer';
  return dense ? `the last ${kind} before the one that makes the scores` : `the last ${kind} that has positions`;
}

/** Whether the scores depend on a token of the grid. */
export function reachesGrid(layer: Layer, reach: ReadonlyMap<string, Reach>): boolean {
  const own = reach.get(layer.value);
  if (own === undefined || own === 'all' || !layer.tokens) return own !== undefined;
  const { leading, height, width } = layer.tokens;
  const isOfGrid = (position: number) => position >= leading && position < leading + height * width;
  return own.axis !== tokenAxis(layer) || [...own.positions].some(isOfGrid);
}

/** The values between score nodes and the logits. */
function scoreRegion(scores: readonly Node[], nodes: readonly Node[]): Set<string> {
  const found = new Set(scores.flatMap(({ outputs }) => outputs));
  if (found.size === 0) return found;
  for (const { inputs, outputs } of nodes) {
    if (inputs.some((name) => found.has(name))) for (const output of outputs) found.add(output);
  }
  return found;
}

/** The nearest candidate before each score node. */
function featuresOf(scores: readonly Node[], nodes: readonly Node[], candidates: readonly Layer[]): Layer[] {
  const makers = producersOf({ nodes });
  const byValue = new Map(candidates.map((layer) => [layer.value, layer]));
  const found = scores.flatMap((score) => {
    for (let value = score.inputs[0] ?? ''; ;) {
      const layer = byValue.get(value);
      if (layer) return [layer];
      const node = makers.get(value);
      const next = node?.inputs.find((name) => makers.has(name));
      if (next === undefined) return [];
      value = next;
    }
  });
  return [...new Map(found.map((layer) => [layer.value, layer])).values()].toReversed();
}

/**
 * A layer after the ReLU that alone reads it. Before it, a score of a few positions gives heat to what is far away: weights
 * that are negative at the box times activations that are negative elsewhere.
 */
function rectified(layer: Layer, nodes: readonly Node[], layerAt: (value: string) => Layer): Layer {
  const [next, ...others] = nodes.filter(({ inputs }) => inputs.includes(layer.value));
  const value = next?.op === 'Relu' && others.length === 0 ? next.outputs[0] : undefined;
  return value === undefined ? layer : layerAt(value);
}

/** The instance normalization that alone reads a value. */
function normalizedNext(nodes: readonly Node[], value: string): string | undefined {
  const readers = nodes.filter(({ inputs }) => inputs.includes(value));
  const [only] = readers;
  return readers.length === 1 && only?.op === 'InstanceNormalization' ? only.outputs[0] : undefined;
}

/** A sum with the activation that follows it. */
function activated(
  joint: Layer,
  nodes: readonly Node[],
  cuts: readonly string[],
  layerAt: (value: string) => Layer,
): Layer {
  const [next, ...others] = nodes.filter(({ inputs }) => inputs.includes(joint.value));
  const value = next?.outputs[0];
  const follows = joining.has(joint.op) && next && activations.has(next.op) && others.length === 0;
  return follows && value !== undefined && cuts.includes(value) ? layerAt(value) : joint;
}
