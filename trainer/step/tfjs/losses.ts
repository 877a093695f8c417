/** @file The losses in tfjs operations, as published, and what is reported of the logits; see `graph/losses.ts` for the papers. */
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';
import type { GanConfig, LossName } from '../../settings/config.js';
import { moreResults } from '../state/overfitting.js';
import type { StepResult } from '../state/step.js';

interface Loss {
  discriminator(onReal: Tensor, onFake: Tensor, smoothing: number): Tensor;
  /** @param onReal logits of real pictures, for relativistic losses */
  generator(onFake: Tensor, onReal?: Tensor): Tensor;
}

/** Binary cross-entropy of logits with one target for all: target·softplus(−x) + (1 − target)·softplus(x). */
const crossEntropy = (logits: Tensor, target: number) =>
  tf.mean(tf.add(tf.mul(tf.softplus(tf.neg(logits)), target), tf.mul(tf.softplus(logits), 1 - target)));

const meanSquares = (logits: Tensor, target: number) => tf.mean(tf.squaredDifference(logits, target));

const halfSquares = (logits: Tensor, target: number) => tf.div(meanSquares(logits, target), 2);

/** mean(max(0, 1 + x)). */
const meanHinge = (x: Tensor) => tf.mean(tf.relu(tf.add(1, x)));

/** @param pair loss of relative scores that should be higher, and of those that should be lower */
function relativisticAverage(pair: (more: Tensor, less: Tensor) => Tensor): Loss {
  const loss = (more: Tensor, less: Tensor) => pair(tf.sub(more, tf.mean(less)), tf.sub(less, tf.mean(more)));
  return {
    discriminator: (onReal, onFake) => loss(onReal, onFake),
    generator: (onFake, onReal) => loss(onFake, onReal as Tensor),
  };
}

const wasserstein: Loss = {
  discriminator: (onReal, onFake) => tf.sub(tf.mean(onFake), tf.mean(onReal)),
  generator: (onFake) => tf.neg(tf.mean(onFake)),
};

const losses: Readonly<Record<LossName, Loss>> = {
  bce: {
    discriminator: (onReal, onFake, smoothing) => tf.add(crossEntropy(onReal, 1 - smoothing), crossEntropy(onFake, 0)),
    generator: (onFake) => crossEntropy(onFake, 1),
  },
  hinge: {
    discriminator: (onReal, onFake) => tf.add(meanHinge(tf.neg(onReal)), meanHinge(onFake)),
    generator: (onFake) => tf.neg(tf.mean(onFake)),
  },
  lsgan: {
    discriminator: (onReal, onFake, smoothing) => tf.add(halfSquares(onReal, 1 - smoothing), halfSquares(onFake, 0)),
    generator: (onFake) => halfSquares(onFake, 1),
  },
  wgan: wasserstein,
  'wgan-gp': wasserstein,
  rasgan: relativisticAverage((more, less) => tf.add(crossEntropy(more, 1), crossEntropy(less, 0))),
  rahinge: relativisticAverage((more, less) => tf.add(meanHinge(tf.neg(more)), meanHinge(less))),
  ralsgan: relativisticAverage((more, less) => tf.add(meanSquares(more, 1), meanSquares(less, -1))),
};

/** The discriminator's loss, halved if configured. */
export function discriminatorLoss(config: GanConfig, onReal: Tensor, onFake: Tensor): Scalar {
  const loss = losses[config.loss].discriminator(onReal, onFake, config.labelSmoothing);
  return (config.halveDiscriminatorLoss ? tf.mul(loss, 0.5) : loss) as Scalar;
}

/** The generator's loss. @param onReal logits of real pictures, if the loss is relativistic */
export function generatorLoss(config: GanConfig, onFake: Tensor, onReal?: Tensor): Scalar {
  return losses[config.loss].generator(onFake, onReal) as Scalar;
}

/** A step's results before they are read. */
export type Scalars = Partial<Record<keyof StepResult, Scalar>>;

/** Mean probability of being real. */
export const meanProbability = (logit: Tensor): Scalar => tf.mean(tf.sigmoid(logit));

/** What is reported of the logits of real, generated and held-out pictures before the discriminator's update. */
export function discriminatorScores(
  config: GanConfig,
  { real, fake, heldOut }: { real: Tensor; fake: Tensor; heldOut: Tensor | undefined },
): Scalars {
  const more = {
    signReal: () => tf.mean<Scalar>(tf.sign(real)),
    logitReal: () => tf.mean<Scalar>(real),
    logitHeldOut: () => {
      if (!heldOut) throw new Error('the batch lacks held-out pictures');
      return tf.mean<Scalar>(heldOut);
    },
    logitFake: () => tf.mean<Scalar>(fake),
  };
  return {
    dReal: meanProbability(real),
    dFakeBefore: meanProbability(fake),
    ...Object.fromEntries(moreResults(config).map((name) => [name, more[name]()])),
  };
}
