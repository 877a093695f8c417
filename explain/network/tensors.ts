/** @file Batches as tensors: rows of numbers repeated, picked and changed. */
import { sessionTensor, type SessionTensor } from '../../inference/runtime/session.js';

/** For reducing sizes. */
export const product = (a: number, b: number) => a * b;

/** The numbers, repeated. */
export function repeated(data: Float32Array, times: number): Float32Array {
  const all = new Float32Array(times * data.length);
  for (let row = 0; row < times; row++) all.set(data, row * data.length);
  return all;
}

/** A tensor [1, …] with its row repeated. */
export function repeatedRow({ data, dims: [, ...rest] }: SessionTensor, times: number): SessionTensor {
  return sessionTensor(repeated(data as Float32Array, times), [times, ...rest]);
}

/** A tensor [N, …] with its first row in the place of all. */
export function firstRowRepeated(tensor: SessionTensor): SessionTensor {
  const [rows = 1] = tensor.dims;
  return sessionTensor(repeated(rowOf(tensor, 0), rows), tensor.dims);
}

/**
 * A layer's output in which row i is 0 in channel `channels[i]`.
 * @param channelAxis axis of the channels
 */
export function withoutChannels(
  { data, dims }: SessionTensor,
  channels: readonly number[],
  channelAxis: number,
): SessionTensor {
  const [, ...rest] = dims;
  const axis = channelAxis - 1;
  const [count, inner] = [rest[axis] ?? 1, rest.slice(axis + 1).reduce(product, 1)];
  const changed = (data as Float32Array).slice();
  channels.forEach((channel, row) => {
    const values = changed.subarray(row * rest.reduce(product, 1), (row + 1) * rest.reduce(product, 1));
    for (let at = channel * inner; at < values.length; at += count * inner) values.fill(0, at, at + inner);
  });
  return sessionTensor(changed, dims);
}

/** The numbers of a float32 tensor. */
export function floats(value: SessionTensor | undefined): Float32Array {
  return (value as SessionTensor).data as Float32Array;
}

/** Whether two lists are equal bit for bit, except for the sign of NaN. */
export function sameNumbers(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
}

/** One row of a float32 tensor [N, …]; a view. */
export function rowOf({ data, dims: [, ...rest] }: SessionTensor, row: number): Float32Array {
  const size = rest.reduce(product, 1);
  return (data as Float32Array).subarray(row * size, (row + 1) * size);
}
