/**
 * @file An explanation in stages: the forward pass, the gradient of its tail, and the maps. Each stage is a separate graph,
 * so a new target or method reruns only the stages that change.
 */
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { multipliers } from '../../../onnx/gradient/contributions/multipliers.js';
import { deconvolutionRules, guidedRules } from '../../../onnx/gradient/guided.js';
import { gradients } from '../../../onnx/gradient/walk.js';
import type { Model, Shape } from '../../../onnx/graph/graph.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { fullGradientParts } from './full-gradient.js';
import { onGrid, type Layer } from '../../layers/layer.js';
import { dependentValues, fedName, layerEnds, scoredNetwork, type LayerEnds } from './scored-network.js';
import type { Backward, ScoredGraph } from '../../methods/kinds/method.js';
import type { MethodName } from '../../methods/table.js';
import { appendedMaps, mapValues, type MapOutput } from '../../methods/graph/map-outputs.js';
import type { NetworkInput } from '../../../inference/networks/network-input.js';
import type { ScoreHead } from '../../../inference/networks/score-head.js';

/** The forward and backward pass for some layers. */
export interface LayerStages {
  /** Picture → logits [N, scores], the layers' activations, and the values that the backward pass reads. */
  forward: Model;
  /** Those values and target weights → gradients; missing if the score does not depend on any of the layers. */
  backward?: Model;
  logits: string;
  /** Values that the backward pass reads, possibly including the picture. */
  frontier: readonly string[];
  /** In the order they were given. */
  layers: readonly LayerEnds[];
}

/**
 * Splits the network and the gradient of its tail at the point where the target is needed.
 * @throws InputError if a node between a layer and the logits cannot be differentiated
 */
export function layerStages(model: Model, head: ScoreHead, layers: readonly Layer[]): LayerStages {
  const scored = scoredNetwork(
    model,
    head,
    layers.map(({ value }) => value),
  );
  const { b, logits, fed, computed, picture } = scored;
  const ends = layerEnds(scored, layers);
  const wanted = ends.flatMap(({ gradient }) => gradient ?? []);
  const backward = prunedGraph(b.graph, wanted, computed);
  const frontier = backward.inputs.map(({ name }) => name).filter((name) => name !== fed);
  const activations = ends.map((end) => end.activations);
  const outputs = new Set([logits, ...activations, ...frontier.filter((name) => name !== picture)]);
  return {
    forward: { ...model, graph: prunedGraph(b.graph, [...outputs]) },
    ...(wanted.length > 0 && { backward: { ...model, graph: backward } }),
    logits,
    frontier,
    layers: ends,
  };
}

const backwardRules = { true: {}, guided: guidedRules, deconvolution: deconvolutionRules } satisfies Record<
  Backward,
  object
>;

/** A model from picture and target weights to the gradient at the picture [N, C, H, W]. */
export function pictureGradientModel(
  model: Model,
  head: ScoreHead,
  { layout }: NetworkInput,
  backward: Backward,
): { model: Model; gradient: string } {
  const { b, logits, weights, picture } = scoredNetwork(model, head);
  const rules = backwardRules[backward];
  const found = gradients(b, logits, [picture], { cotangent: weights, rules }).get(picture) ?? null;
  return pictureOutput(model, b, { found, picture, layout });
}

/** The model whose output is a value of the picture's shape as [N, C, H, W], zeros where there is none. */
function pictureOutput(
  model: Model,
  b: GraphBuilder,
  { found, picture, layout }: { found: string | null; picture: string; layout: NetworkInput['layout'] },
): { model: Model; gradient: string } {
  const own = found ?? b.mul(picture, b.scalarLike(picture, 0), 'no_gradient');
  const gradient = layout === 'NCHW' ? own : b.transpose(own, [0, 3, 1, 2], 'channels_first');
  b.output(gradient);
  return { model: { ...model, graph: prunedGraph(b.graph, [gradient]) }, gradient };
}

/** Input [N, C, H, W]: the pictures that contributions are compared with. Its name is `fedName`'s. */
export const BASELINE = 'baseline_picture';

/** A model from picture, baseline and target weights to DeepLIFT's multipliers at the picture [N, C, H, W]. */
export function multiplierModel(
  model: Model,
  head: ScoreHead,
  { layout }: NetworkInput,
): { model: Model; gradient: string } {
  const { b, logits, weights, picture } = scoredNetwork(model, head);
  const { found } = multipliers(b, logits, picture, { baseline: fedName(model.graph, BASELINE), cotangent: weights });
  return pictureOutput(model, b, { found: found.get(picture) ?? null, picture, layout });
}

/** A model from picture and target weights to the parts of the full gradient, the picture's first (`fullGradientParts`). */
export function fullGradientModel(model: Model, head: ScoreHead, { layout, picture: size }: NetworkInput) {
  const { b, logits, weights, picture } = scoredNetwork(model, head);
  const channelAxis = layout === 'NCHW' ? 1 : 3;
  const layer = { name: picture, value: picture, op: 'Input', shape: b.shape(picture), channelAxis };
  const parts = fullGradientParts(b, { logits, picture: layer, cotangent: weights }, { picture: size });
  for (const { value } of parts) b.output(value);
  const graph = prunedGraph(
    b.graph,
    parts.map(({ value }) => value),
  );
  return { model: { ...model, graph }, parts };
}

/** A model from picture and target weights to values that a method appends. */
export function appendedModel(
  model: Model,
  head: ScoreHead,
  layer: Layer,
  append: (network: ScoredGraph) => string[],
): { model: Model; outputs: readonly string[] } {
  const { b, logits, weights } = scoredNetwork(model, head, [layer.value]);
  const outputs = append({ b, head, logits, weights, layer: layer.value, onGrid: (value) => onGrid(b, layer, value) });
  for (const output of outputs) b.output(output);
  return { model: { ...model, graph: prunedGraph(b.graph, outputs) }, outputs };
}

/** The network cut at a layer. */
export interface CutStages {
  /** Picture → all values that the rest reads: the layer, and values that bypass it. */
  before: Model;
  /** Those values → logits [N, scores]; missing if the logits do not depend on the layer. */
  after?: Model;
  logits: string;
}

/** The network up to a layer and from the layer on. */
export function cutStages(model: Model, head: ScoreHead, layer: Layer): CutStages {
  const { b, logits, computed } = scoredNetwork(model, head, [layer.value]);
  const dependent = dependentValues(b, layer.value);
  const given = [...computed].filter(([name]) => name === layer.value || !dependent.has(name));
  const after = prunedGraph(b.graph, [logits], new Map(given));
  const names = after.inputs.map(({ name }) => name);
  return {
    before: { ...model, graph: prunedGraph(b.graph, names) },
    ...(names.includes(layer.value) && { after: { ...model, graph: after } }),
    logits,
  };
}

/** A model from the picture to the logits [N, scores] alone. */
export function logitsModel(model: Model, head: ScoreHead): { model: Model; logits: string } {
  const { b, logits } = scoredNetwork(model, head);
  return { model: { ...model, graph: prunedGraph(b.graph, [logits]) }, logits };
}

/** Inputs of the maps: activations and gradients of one shape, and the methods. */
export interface MapsOf {
  /** [N, K, h, w] */
  shape: Shape;
  methods: readonly MethodName[];
}

/** A model from activations and gradients to maps. */
export interface MapsModel {
  model: Model;
  /** In the order they were given. */
  items: readonly {
    activations: string;
    gradients: string;
    outputs: readonly MapOutput[];
  }[];
}

/**
 * The maps of methods that are graphs. Other methods are skipped.
 * @param eigen whether maps are first principal components instead of sums of weighted activations
 */
export function mapsModel(wanted: readonly MapsOf[], eigen: boolean): MapsModel {
  const b = new GraphBuilder();
  const items = wanted.map(({ shape, methods: names }, index) =>
    b.within(`${index}`, () => {
      const activations = b.input(`${index}/activations`, 'float32', shape);
      const g = b.input(`${index}/gradients`, 'float32', shape);
      return { activations, gradients: g, outputs: appendedMaps(b, names, activations, g, eigen) };
    }),
  );
  const values = items.flatMap(({ outputs }) => mapValues(outputs));
  for (const value of values) b.output(value);
  return { model: modelOfGraph(prunedGraph(b.graph, values)), items };
}
