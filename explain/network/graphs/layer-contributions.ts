/** @file Contributions of a layer's units beside those of a baseline: along the line between both outputs, or by DeepLIFT. */
import type { ScoreHead } from '../../../inference/networks/score-head.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { multipliers } from '../../../onnx/gradient/contributions/multipliers.js';
import { gradients } from '../../../onnx/gradient/walk.js';
import type { Model } from '../../../onnx/graph/graph.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { leavesTokensOut, onGrid, type Layer } from '../../layers/layer.js';
import { dependentValues, fedName, scoredNetwork, type ScoredNetwork } from './scored-network.js';
import { BASELINE } from './stages.js';

/** Input of a layer's shape: A − A′. Its name is `fedName`'s. */
export const CHANGE = 'layer_change';

/** The network cut at a layer, with the gradient of its end. */
export interface LayerPath {
  /** Picture → the layer, and the values that bypass it and that the gradient reads. */
  before: Model;
  /** Those values, `CHANGE` and target weights → Σ_k (A − A′) ⊙ ∂score/∂A [N, h, w]; missing if the score does not depend on the layer. */
  part?: Model;
  map: string;
  /** Whether something from the picture reaches the score beside the map: beside the layer, or by tokens off the grid. */
  bypassed: boolean;
}

/** @throws InputError if a node between the layer and the logits cannot be differentiated */
export function layerPath(model: Model, head: ScoreHead, layer: Layer): LayerPath {
  const scored = scoredNetwork(model, head, [layer.value]);
  const { b, logits, fed, weights } = scored;
  const { given, bypassed } = cutAt(scored, layer);
  const { type, shape = [] } = b.type(layer.value);
  const gradient = gradients(b, logits, [layer.value], { cotangent: weights }).get(layer.value);
  if (!gradient) return { before: { ...model, graph: prunedGraph(b.graph, [layer.value]) }, map: '', bypassed };
  const change = b.input(fedName(model.graph, CHANGE), type, shape);
  const map = mapOf(b, layer, b.mul(change, gradient));
  const part = prunedGraph(b.graph, [map], given);
  const read = part.inputs.map(({ name }) => name).filter((name) => name !== fed && name !== change);
  const before = prunedGraph(b.graph, [...new Set([layer.value, ...read])]);
  return { before: { ...model, graph: before }, part: { ...model, graph: part }, map, bypassed };
}

/** A model from picture, baseline and target weights to Σ_k (A − A′) ⊙ Δscore/ΔA [N, h, w]. */
export interface LayerMultipliers {
  /** Missing if the score does not depend on the layer. */
  model?: Model;
  map: string;
  bypassed: boolean;
}

/** @throws InputError naming the first node on the way that has no rule, or no copy for a baseline */
export function layerMultipliers(model: Model, head: ScoreHead, layer: Layer): LayerMultipliers {
  const scored = scoredNetwork(model, head, [layer.value]);
  const { b, logits, weights, picture } = scored;
  const { bypassed } = cutAt(scored, layer);
  const options = { baseline: fedName(model.graph, BASELINE), values: [layer.value], cotangent: weights };
  const { twin, found } = multipliers(b, logits, picture, options);
  const multiplier = found.get(layer.value);
  if (!multiplier) return { map: '', bypassed };
  const map = mapOf(b, layer, b.mul(b.sub(layer.value, twin.of(layer.value)), multiplier));
  return { model: { ...model, graph: prunedGraph(b.graph, [map]) }, map, bypassed };
}

/**
 * The values that are known where a network is cut at a layer, and whether one of them, or a token off the grid, goes on beside
 * the map.
 */
function cutAt({ b, logits, computed }: ScoredNetwork, layer: Layer) {
  const dependent = dependentValues(b, layer.value);
  const given = new Map([...computed].filter(([name]) => name === layer.value || !dependent.has(name)));
  const after = prunedGraph(b.graph, [logits], given);
  // Sizes, which are whole numbers, may go on beside it.
  const isSignal = (name: string) => name !== layer.value && given.get(name)?.type.startsWith('float') === true;
  return { given, bypassed: leavesTokensOut(layer) || after.inputs.some(({ name }) => isSignal(name)) };
}

/** Σ_k of a value of the layer's shape, [N, h, w]. */
function mapOf(b: GraphBuilder, layer: Layer, value: string): string {
  const map = b.reduceSum(onGrid(b, layer, value), [1], false, 'layer_map');
  return b.output(map);
}
