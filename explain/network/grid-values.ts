/** @file A layer's output as it is in the network, and as channels on a grid: the same numbers in another order. */
import { sessionTensor, type SessionTensor } from '../../inference/runtime/session.js';
import type { Layer } from '../layers/layer.js';
import type { Sizes } from '../methods/kinds/method.js';
import { product } from './tensors.js';

/** Where the numbers of one row are: channel k at position p is `start + k·channelStep + p·positionStep`. */
interface Places extends Sizes {
  start: number;
  channelStep: number;
  positionStep: number;
  /** Numbers of a row, with those off the grid. */
  row: number;
}

/** @param dims of the layer's output, batch first */
function placesOf({ tokens, channelAxis = 1 }: Layer, dims: readonly number[]): Places {
  const row = dims.slice(1).reduce(product, 1);
  const channels = dims[channelAxis] ?? 1;
  const all = row / channels;
  const isFirst = channelAxis === 1;
  const [channelStep, positionStep] = isFirst ? [all, 1] : [1, channels];
  const axes = isFirst ? dims.slice(2) : dims.slice(1, -1);
  const { height, width } = tokens ?? { height: axes[0] ?? 1, width: axes[1] ?? 1 };
  return { channels, height, width, start: (tokens?.leading ?? 0) * positionStep, channelStep, positionStep, row };
}

/** The first rows of a layer's output as [rows, K, h, w]. */
export function gridValues(layer: Layer, { data, dims }: SessionTensor, rows: number): Sizes & { data: Float32Array } {
  const { channels, height, width, start, channelStep, positionStep, row } = placesOf(layer, dims);
  const plane = height * width;
  const values = new Float32Array(rows * channels * plane);
  for (let to = 0; to < values.length; to++) {
    const [of, channel, position] = [
      Math.floor(to / (channels * plane)),
      Math.floor(to / plane) % channels,
      to % plane,
    ];
    values[to] = (data as Float32Array)[of * row + start + channel * channelStep + position * positionStep] as number;
  }
  return { channels, height, width, data: values };
}

/**
 * A layer's output with other numbers on its grid, in its first rows.
 * @param values [rows, K, h, w]
 */
export function withGridValues(layer: Layer, { data, dims }: SessionTensor, values: Float32Array): SessionTensor {
  const { channels, height, width, start, channelStep, positionStep, row } = placesOf(layer, dims);
  const plane = height * width;
  const changed = (data as Float32Array).slice();
  for (let from = 0; from < values.length; from++) {
    const [of, channel, position] = [
      Math.floor(from / (channels * plane)),
      Math.floor(from / plane) % channels,
      from % plane,
    ];
    changed[of * row + start + channel * channelStep + position * positionStep] = values[from] as number;
  }
  return sessionTensor(changed, dims);
}
