/** @file The score of an objective, appended to the pictures that are judged. */
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { onGrid, type Layer } from '../../layers/layer.js';
import {
  appendedNetwork,
  appendedValues,
  WEIGHTS,
  type JudgingNetwork,
  type PictureRows,
} from '../shared/judging-network.js';
import type { Objective } from './objective.js';

/**
 * Appends the score: the weighted sum of logits, or of the means of a layer's channels over positions (Olah et al. 2017, "The
 * objective": a channel). The weights are the input `WEIGHTS` [R, weights]; rows of zeros do not count.
 * @param levels pictures [R, C, H, W], 0 is black and 1 white
 * @returns a number without sizes
 */
export function appendedScore(
  b: GraphBuilder,
  levels: string,
  size: PictureRows,
  network: JudgingNetwork,
  { layer, weights: { length } }: Pick<Objective, 'layer' | 'weights'>,
): string {
  const [values, weights] = layer ? meanRows(layer) : logitRows();
  return b.reduceSum(b.mul(values, weights), [0, 1], false, 'score');

  function logitRows(): [string, string] {
    const { logits, weights: shares } = appendedNetwork(b, levels, size, network);
    return [logits, shares];
  }

  function meanRows(of: Layer): [string, string] {
    const own = appendedValues(b, levels, size, network, [of.value])(of.value);
    return [channelMeans(b, of, own, size.rows), b.input(WEIGHTS, 'float32', [size.rows, length])];
  }
}

/**
 * Appends the mean of each channel over its positions [R, K].
 * @param value what the layer's output is called in the graph
 */
export function channelMeans(b: GraphBuilder, layer: Layer, value: string, rows: number): string {
  const shape = [rows, ...layer.shape.slice(1)];
  return b.reduceMean(onGrid(b, { ...layer, value, shape }, value), [2, 3], false);
}
