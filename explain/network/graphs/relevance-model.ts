/** @file A network with the relevance of its picture by layer-wise relevance propagation. */
import type { NetworkInput } from '../../../inference/networks/network-input.js';
import type { ScoreHead } from '../../../inference/networks/score-head.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import type { Composite } from '../../../onnx/gradient/relevance/composite.js';
import type { PixelRange } from '../../../onnx/gradient/relevance/region.js';
import { relevanceGraph, relevances } from '../../../onnx/gradient/relevance/relevances.js';
import type { Model } from '../../../onnx/graph/graph.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import { scoredNetwork } from './scored-network.js';

/** The prepared values of a black and of a white pixel, broadcastable to the picture. */
function pixelRange(b: GraphBuilder, { layout, picture }: NetworkInput): PixelRange {
  const { channels, normalization } = picture;
  const dims = layout === 'NCHW' ? [channels, 1, 1] : [channels];
  const prepared = (value: number) =>
    Array.from({ length: channels }, (_, channel) => {
      const [mean = 0, std = 1] = [normalization.mean[channel], normalization.std[channel]];
      return (value - mean) / std;
    });
  const pixel = (name: string, value: number) => b.initializer(b.unique(name), float32Tensor(prepared(value), dims));
  return { low: pixel('darkest_pixel', 0), high: pixel('brightest_pixel', 1) };
}

/**
 * A model from picture and target weights to the relevance of the picture [N, C, H, W], and to what biases took of the scores of the
 * whole batch.
 */
export function relevanceModel(
  model: Model,
  head: ScoreHead,
  input: NetworkInput,
  composite: Composite,
): { model: Model; relevance: string; kept: string } {
  const folded = { ...model, graph: relevanceGraph(model.graph, head.logits) };
  const { b, logits, weights, picture } = scoredNetwork(folded, head);
  const range = pixelRange(b, input);
  const found = relevances(b, logits, picture, { composite, cotangent: weights, range });
  const own = found?.relevance ?? b.mul(picture, b.scalarLike(picture, 0), 'no_relevance');
  const relevance = input.layout === 'NCHW' ? own : b.transpose(own, [0, 3, 1, 2], 'channels_first');
  const kept = found?.kept ?? b.reduceSum(b.mul(logits, weights), [0, 1], false, 'kept');
  const outputs = [relevance, kept].map((value) => b.output(value));
  return { model: { ...model, graph: prunedGraph(b.graph, outputs) }, relevance, kept };
}
