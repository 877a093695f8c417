/** @file What a step reports of the discriminator's logits, in tfjs operations. */
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';
import type { GanConfig } from '../../settings/config.js';
import { moreResults } from '../state/overfitting.js';
import type { StepResult } from '../state/step.js';

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
