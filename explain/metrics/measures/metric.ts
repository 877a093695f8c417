/** @file What a metric of maps is, and its input. */
import type { Normalization } from '../../../inference/pictures/pictures.js';
import { IMAGENET } from '../../../inference/pictures/pixels.js';
import type { SignedMap, Sizes } from '../../methods/kinds/method.js';
import { orderOf } from './order.js';

/** A picture, the map of one method for one target, and access to the network. M is any number; runs are batched internally. */
export interface Subject {
  /** The prepared picture [C, H, W]. */
  input: Float32Array;
  size: Sizes;
  /** By how much numbers change where those of a picture prepared as for ImageNet change by 1 (`changeUnit`). */
  unit: number;
  /** The map as displayed, 0…1 [H, W]. */
  map: Float32Array;
  /** The map before the ReLU, resized to the picture [H, W]. */
  attribution: Float32Array;
  /** Where the object is, 1 inside and 0 outside [H, W], if that is known. */
  object?: Uint8Array;
  /** What the map adds up to and should add up to, for methods whose maps should. */
  completeness?: SignedMap['completeness'];
  /** The network's probability of the target for prepared pictures [M, C, H, W]. */
  confidences(pictures: Float32Array): Promise<Float32Array>;
  /** The target's score before sigmoid or softmax. */
  scores(pictures: Float32Array): Promise<Float32Array>;
  /** Maps of other pictures [M, C, H, W] by the same method for the same target, each 0…1 [H, W]. */
  maps(pictures: Float32Array): Promise<Float32Array[]>;
  /**
   * The picture's maps by networks whose weights are random from the top down, and the fraction of layers with random
   * weights.
   */
  randomizedMaps(): Promise<{ share: number; map: Float32Array }[]>;
  /** The next number of the standard normal distribution; the same ones for every method. */
  normal(): number;
  /** The next number of the uniform distribution over [0, 1). */
  uniform(): number;
  /** A value that does not depend on the map: made once per picture and metric, for all methods. */
  shared<T>(make: () => Promise<T>): Promise<T>;
}

/** A line of a plot: a value for each fraction of pixels or layers. */
export interface Curve {
  x: readonly number[];
  y: readonly number[];
}

/** The result of a metric for one map. */
export interface Measured {
  value: number;
  /** Curves that the value summarises, by name. */
  curves?: Readonly<Record<string, Curve>>;
}

/** How a curve is plotted. */
export interface CurvePlot {
  title: string;
  xTitle: string;
  yTitle: string;
  /** Lower end of the vertical axis, default 0; the upper end is 1. */
  yMin?: number;
}

/** One entry of the table of metrics. The value for several pictures is the mean. */
export interface Metric {
  /** Heading of its column. */
  title: string;
  better: 'higher' | 'lower';
  /** Whether it sets pixels to 0 in the prepared picture. */
  removes?: true;
  /** Plots of its curves, by their names. */
  plots?: Readonly<Record<string, CurvePlot>>;
  /** Undefined where the metric does not apply to the map. */
  measure(subject: Subject): Promise<Measured | undefined>;
}

/** White minus black in the prepared picture, the mean over channels, as a multiple of ImageNet's. */
export function changeUnit(normalization: Normalization): number {
  const range = ({ std }: Normalization) => mean(std.map((deviation) => 1 / deviation));
  return range(normalization) / range(IMAGENET);
}

/** Pixels in descending order of the map; equal values keep the order of the picture. */
export function rankedPixels(map: Float32Array): Uint32Array {
  return orderOf(map, 'descending');
}

/** A copy of the picture whose pixels at these positions, in all channels, come from another one. */
export function withPixels(
  picture: Float32Array,
  positions: Iterable<number>,
  from: Float32Array,
  plane: number,
): Float32Array {
  const changed = picture.slice();
  for (const position of positions) {
    for (let at = position; at < changed.length; at += plane) changed[at] = from[at] ?? 0;
  }
  return changed;
}

export const mean = (values: Iterable<number>): number => {
  let [sum, count] = [0, 0];
  for (const value of values) [sum, count] = [sum + value, count + 1];
  return sum / count;
};
