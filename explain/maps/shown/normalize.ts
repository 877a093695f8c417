/** @file Scales raw maps for display, and finds out why a map is empty. */
import type { SignedMap } from '../../methods/kinds/method.js';
import { bilinearResized } from '../../../inference/numeric/bilinear.js';

/** Added to the maximum before dividing by it, as in pytorch-grad-cam. */
export const EPSILON = 1e-7;
/** Below this maximum a raw map vanishes next to `EPSILON`. */
const VANISHING = 1e-14;
/** Maps that vary by less than this fraction of their maximum count as constant: the rest is rounding. */
const ROUNDING = 1e-6;

/** Why a map is empty. */
export type MapReason =
  | 'all contributions negative'
  | 'zero gradient'
  | 'saturated output'
  | 'layer not connected to the score'
  | 'constant map'
  | 'not finite';

/** A map, and what is known about its computation. */
export interface MapEvidence {
  /** Σ w A before ReLU. */
  signed: Float32Array;
  /** Largest |∂score/∂A| of the picture; missing for methods without gradients. */
  largestGradient?: number;
  /** Whether the score depends on the layer at all. */
  connected: boolean;
}

/**
 * The map as pytorch-grad-cam displays it: `averagedMap` of one map.
 * @param map raw or signed map [h, w]
 * @returns [H, W], values 0…1; zero everywhere if the map is constant, nowhere positive, or not finite
 * @throws InputError if `map` does not hold h·w values
 */
export function normalizedMap(map: Float32Array, h: number, w: number, H: number, W: number): Float32Array {
  return averagedMap([{ data: map, height: h, width: w }], H, W);
}

/**
 * The maps of several layers combined as in pytorch-grad-cam: ReLU, minimum subtracted, divided by the maximum +
 * 1e-7, and resized; then averaged and scaled once more (`compute_cam_per_layer` and `aggregate_multi_layers` of
 * its base_cam.py). In float32.
 * @param maps raw or signed maps of any sizes, at least one
 * @returns [H, W], values 0…1; maps that are constant, nowhere positive, or not finite count as zero
 */
export function averagedMap(maps: readonly SignedMap[], H: number, W: number): Float32Array {
  const resized = maps.map(({ data, height, width }) =>
    bilinearResized(minMaxScaled(positivePart(data)), height, width, H, W),
  );
  const [first = new Float32Array(H * W), ...others] = resized;
  if (others.length === 0) return scaleMinMax(first);
  const mean = first.map((value, at) => others.reduce((sum, map) => sum + (map[at] as number), value) / maps.length);
  return scaleMinMax(mean);
}

/** ReLU of a map; zero everywhere if it is not finite. */
export function positivePart(map: Float32Array): Float32Array {
  const positive = new Float32Array(map.length);
  for (let at = 0; at < map.length; at++) {
    const value = map[at] as number;
    if (!Number.isFinite(value)) return new Float32Array(map.length);
    // −0 becomes 0.
    positive[at] = Math.max(value, 0);
  }
  return positive;
}

/** The map minus its minimum, divided by its maximum + 1e-7. */
export function minMaxScaled(map: Float32Array): Float32Array {
  return scaleMinMax(map.slice());
}

/** The same in place. */
export function scaleMinMax(map: Float32Array): Float32Array {
  const { least, largest } = extremes(map);
  const most = Math.max(0, Math.fround(largest - least));
  const divisor = Math.fround(EPSILON + most);
  for (let at = 0; at < map.length; at++) map[at] = Math.fround((map[at] as number) - least) / divisor;
  return map;
}

/**
 * The least and the largest value, NaN aside. Conditions become selections in machine code, and two lanes wait less for each
 * other: with the loop that divides, this is most of the time that a map takes outside the network.
 */
export function extremes(map: Float32Array): { least: number; largest: number } {
  let [low, lower] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [high, higher] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const even = map.length - (map.length % 2);
  for (let at = 0; at < even; at += 2) {
    const value = map[at] as number;
    const next = map[at + 1] as number;
    low = value < low ? value : low;
    lower = next < lower ? next : lower;
    high = value > high ? value : high;
    higher = next > higher ? next : higher;
  }
  const last = map[even] ?? Number.NaN;
  return {
    least: Math.min(low, lower, last < low ? last : low),
    largest: Math.max(high, higher, last > high ? last : high),
  };
}

/** Why the map is empty; undefined if it is not. */
export function mapReason({ signed, largestGradient, connected }: MapEvidence): MapReason | undefined {
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < signed.length; at++) {
    const value = signed[at] as number;
    if (!Number.isFinite(value)) return 'not finite';
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  const isZero = largest === 0 && least === 0;
  if (isZero && !connected) return 'layer not connected to the score';
  if (largestGradient === 0 || (largestGradient === undefined && isZero)) return 'zero gradient';
  if (largest <= 0) return 'all contributions negative';
  if (largest < VANISHING) return 'zero gradient';
  return largest - Math.max(least, 0) <= ROUNDING * largest ? 'constant map' : undefined;
}
