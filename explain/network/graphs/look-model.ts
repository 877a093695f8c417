/** @file A network with its scores and the first channels of layers as outputs: what it makes of a picture. */
import { firstChannels, withFeatureMaps } from '../../../inference/graphs/feature-maps.js';
import { appendScoreRows, type ScoreHead } from '../../../inference/networks/score-head.js';
import { GraphBuilder } from '../../../onnx/build/build.js';
import type { Model, Shape } from '../../../onnx/graph/graph.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { onGrid, type Layer } from '../../layers/layer.js';

/** From a picture to its logits and maps of layers. */
export interface LookModel {
  model: Model;
  logits: string;
  /** For each layer, all its channels [N, K, h, w] and the output with the first of them. */
  maps: readonly { layer: Layer; whole: string; first: string; shape: Shape }[];
}

/** @param count how many channels the outputs of first channels have */
export function lookModel(model: Model, head: ScoreHead, layers: readonly Layer[], count: number): LookModel {
  const values = layers.map(({ value }) => value);
  const b = new GraphBuilder({ ...prunedGraph(model.graph, [head.logits, ...values]), outputs: [] });
  const logits = b.output(appendScoreRows(b, head));
  const grids = layers.map((layer) => b.within(layer.name, () => onGrid(b, layer, layer.value)));
  const maps = layers.map((layer, at) => {
    const whole = grids[at] as string;
    return { layer, whole, first: firstChannels(whole), shape: b.shape(whole) };
  });
  return { model: withFeatureMaps({ ...model, graph: b.graph }, grids, count), logits, maps };
}
