/** @file What the layers of all networks share. */
import { tfl } from '../../../../exporter/tf.js';
import type { GanConfig } from '../../../settings/config.js';

/** Momentum of running statistics as tfjs defines it: 0.9 equals PyTorch's default 0.1. */
const BATCH_NORM_MOMENTUM = 0.9;

/** A batch norm layer with the epsilon of the configuration. */
export function batchNorm(
  name: string,
  { batchNormEpsilon }: GanConfig,
  options: { center?: boolean; scale?: boolean } = {},
) {
  const own = { name, epsilon: batchNormEpsilon, momentum: BATCH_NORM_MOMENTUM };
  return tfl.layers.batchNormalization({ ...own, ...options });
}
