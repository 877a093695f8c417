/** @file The losses in tfjs operations, as published; see `graph/losses.ts` for the papers. */
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';
import type { GanConfig, LossName } from '../../settings/config.js';

interface Loss {
  discriminator(onReal: Tensor, onFake: Tensor, smoothing: number): Tensor;
  generator(onFake: Tensor): Tensor;
}

/** Binary cross-entropy of logits with one target for all: target·softplus(−x) + (1 − target)·softplus(x). */
const crossEntropy = (logits: Tensor, target: number) =>
  tf.mean(tf.add(tf.mul(tf.softplus(tf.neg(logits)), target), tf.mul(tf.softplus(logits), 1 - target)));

const halfSquares = (logits: Tensor, target: number) => tf.div(tf.mean(tf.squaredDifference(logits, target)), 2);

const losses: Readonly<Record<LossName, Loss>> = {
  bce: {
    discriminator: (onReal, onFake, smoothing) => tf.add(crossEntropy(onReal, 1 - smoothing), crossEntropy(onFake, 0)),
    generator: (onFake) => crossEntropy(onFake, 1),
  },
  hinge: {
    discriminator: (onReal, onFake) => tf.add(tf.mean(tf.relu(tf.sub(1, onReal))), tf.mean(tf.relu(tf.add(1, onFake)))),
    generator: (onFake) => tf.neg(tf.mean(onFake)),
  },
  lsgan: {
    discriminator: (onReal, onFake, smoothing) => tf.add(halfSquares(onReal, 1 - smoothing), halfSquares(onFake, 0)),
    generator: (onFake) => halfSquares(onFake, 1),
  },
};

/** The discriminator's loss, halved if configured. */
export function discriminatorLoss(config: GanConfig, onReal: Tensor, onFake: Tensor): Scalar {
  const loss = losses[config.loss].discriminator(onReal, onFake, config.labelSmoothing);
  return (config.halveDiscriminatorLoss ? tf.mul(loss, 0.5) : loss) as Scalar;
}

/** The generator's loss. */
export function generatorLoss(config: GanConfig, onFake: Tensor): Scalar {
  return losses[config.loss].generator(onFake) as Scalar;
}
