/** @file Sums over the channels of a layer as matrix products: up to ten times as fast as ReduceSum in ONNX Runtime. */
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { dimProduct } from '../../../onnx/graph/dims.js';
import type { Dim } from '../../../onnx/graph/graph.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';

/**
 * Σ_k w_k·A_k.
 * @param weights w [N, K, 1, 1]
 * @param activations A [N, K, H, W]
 * @returns [N, H, W]
 */
export function weightedSum(b: GraphBuilder, weights: string, activations: string): string {
  const [batch, channels] = b.shape(activations) as [Dim, Dim];
  if (!isKnown(b, activations)) return b.reduceSum(b.mul(weights, activations), [1], false, 'signed');
  return product(b, b.reshape(weights, [batch, 1, channels]), activations);
}

/**
 * Σ_k A_k.
 * @param value A [N, K, H, W]
 * @returns [N, H, W]
 */
export function channelSum(b: GraphBuilder, value: string, name = 'signed'): string {
  const channels = b.shape(value)[1] as Dim;
  if (!isKnown(b, value) || b.types.get(value)?.type !== 'float32') return b.reduceSum(value, [1], false, name);
  const ones = b.constant(`ones/1x1x${channels}`, () =>
    float32Tensor(new Float32Array(channels as number).fill(1), [1, 1, channels as number]),
  );
  return product(b, ones, value, name);
}

/** Whether all sizes but the batch are numbers. */
const isKnown = (b: GraphBuilder, value: string): boolean =>
  b
    .shape(value)
    .slice(1)
    .every((dim) => typeof dim === 'number');

/** Weights [N or 1, 1, K] times a value [N, K, H, W]: [N, H, W]. */
function product(b: GraphBuilder, weights: string, value: string, name = 'signed'): string {
  const [batch, channels, height, width] = b.shape(value) as [Dim, Dim, Dim, Dim];
  const columns = b.reshape(value, [batch, channels, dimProduct([height, width])]);
  return b.reshape(b.matMul(weights, columns), [batch, height, width], name);
}
