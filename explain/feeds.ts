/** @file What a network is fed: pictures and other rows of numbers as tensors of its layout and batch size. */
import { Tensor } from 'onnxruntime-common';
import { channelsLast, type NetworkInput } from '../inference/network-input.js';

/** Numbers of one picture. */
export function pictureSize({ picture: { channels, height, width } }: NetworkInput): number {
  return channels * height * width;
}

/** Rows as a tensor [N, size]; where the batch is fixed, with the last row as often as it takes to fill it. */
export function filledRows(data: Float32Array, size: number, batch?: number): Tensor {
  const count = data.length / size;
  const rows = batch ?? count;
  if (rows === count) return new Tensor('float32', data, [count, size]);
  const filled = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const from = Math.min(row, count - 1);
    filled.set(data.subarray(from * size, (from + 1) * size), row * size);
  }
  return new Tensor('float32', filled, [rows, size]);
}

/** Prepared pictures [N, C, H, W] by the name of the network's input. */
export function pictureFeed(input: NetworkInput, pictures: Float32Array): Record<string, Tensor> {
  const { name, layout, batch, picture } = input;
  const { channels, height, width } = picture;
  const filled = filledRows(pictures, pictureSize(input), batch);
  const data = filled.data as Float32Array;
  const rows = filled.dims[0] ?? 0;
  return {
    [name]:
      layout === 'NCHW'
        ? new Tensor('float32', data, [rows, channels, height, width])
        : new Tensor('float32', channelsLast(data, picture), [rows, height, width, channels]),
  };
}
