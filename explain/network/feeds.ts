/** @file Builds a network's input tensors from pictures or other rows of numbers, in its layout and batch size. */
import { sessionTensor, type SessionTensor } from '../../inference/runtime/session.js';
import { inputTensor, type NetworkInput } from '../../inference/networks/network-input.js';
import type { Model } from '../../onnx/graph/graph.js';
import { fedName, TARGET_WEIGHTS } from './graphs/scored-network.js';

/** Number of values per picture. */
export function pictureSize({ picture: { channels, height, width } }: NetworkInput): number {
  return channels * height * width;
}

/** Rows as a tensor [N, size]. A fixed batch is filled by repeating the last row. */
export function filledRows(data: Float32Array, size: number, batch?: number): SessionTensor {
  const count = data.length / size;
  const rows = batch ?? count;
  if (rows === count) return sessionTensor(data, [count, size]);
  const filled = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const from = Math.min(row, count - 1);
    filled.set(data.subarray(from * size, (from + 1) * size), row * size);
  }
  return sessionTensor(filled, [rows, size]);
}

/** Prepared pictures [N, C, H, W] by the name of the network's input. */
export function pictureFeed(input: NetworkInput, pictures: Float32Array): Record<string, SessionTensor> {
  const { data } = filledRows(pictures, pictureSize(input), input.batch);
  return { [input.name]: inputTensor(data as Float32Array, input) };
}

/** The share of each logit in the score [N, scores], by the name of its input. */
export function weightsFeed(
  { model, input }: { model: Model; input: NetworkInput },
  weights: Float32Array,
  scores: number,
): Record<string, SessionTensor> {
  return { [fedName(model.graph, TARGET_WEIGHTS)]: filledRows(weights, scores, input.batch) };
}
