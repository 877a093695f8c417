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

/** Calls `use` with each place in [rows, K, h, w] and where that number is in the layer's output. */
function eachPlace(places: Places, rows: number, use: (onGrid: number, inOutput: number) => void): void {
  const { channels, height, width, start, channelStep, positionStep, row } = places;
  const plane = height * width;
  let onGrid = 0;
  for (let of = 0; of < rows; of++) {
    for (let channel = 0; channel < channels; channel++) {
      const first = of * row + start + channel * channelStep;
      for (let position = 0; position < plane; position++) use(onGrid++, first + position * positionStep);
    }
  }
}

/** The first rows of a layer's output as [rows, K, h, w]. */
export function gridValues(layer: Layer, { data, dims }: SessionTensor, rows: number): Sizes & { data: Float32Array } {
  const places = placesOf(layer, dims);
  const { channels, height, width } = places;
  const values = new Float32Array(rows * channels * height * width);
  const given = data as Float32Array;
  eachPlace(places, rows, (onGrid, inOutput) => (values[onGrid] = given[inOutput] as number));
  return { channels, height, width, data: values };
}

/**
 * A layer's output with other numbers on its grid, in its first rows.
 * @param values [rows, K, h, w]
 */
export function withGridValues(layer: Layer, { data, dims }: SessionTensor, values: Float32Array): SessionTensor {
  const places = placesOf(layer, dims);
  const rows = values.length / (places.channels * places.height * places.width);
  const changed = (data as Float32Array).slice();
  eachPlace(places, rows, (onGrid, inOutput) => (changed[inOutput] = values[onGrid] as number));
  return sessionTensor(changed, dims);
}
