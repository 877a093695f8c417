/** @file How much a discriminator overfits: what it says to pictures that it was trained on, to held-out ones and to generated ones. */
import type { GanConfig } from '../../settings/config.js';
import type { StepResult } from './step.js';

/** Mean logits of three kinds of pictures, or their sums over the same number of batches. */
export interface MeanLogits {
  real: number;
  heldOut: number;
  fake: number;
}

/**
 * Steps over which signals are taken, and from one change of adaptive augmentation's probability to the next (Karras et al.
 * 2020, section 3.1).
 */
export const SIGNAL_STEPS = 4;

/** The smallest difference that r_v divides by, as in its authors' code. */
const SMALLEST = 1e-8;

/**
 * The signal r_v = (E[D_train] − E[D_validation]) / (E[D_train] − E[D_generated]) of Karras et al. 2020 (arXiv 2006.06676, eq. 1):
 * 0 where held-out pictures look as real as those that were trained on, 1 where they look like generated ones, and more where they
 * look even less real. The denominator is at least 1e-8, as in the authors' code: of a discriminator that knows nothing yet,
 * r_v is a large number of any sign.
 */
export function overfitting({ real, heldOut, fake }: MeanLogits): number {
  return (real - heldOut) / Math.max(real - fake, SMALLEST);
}

/**
 * r_v over several steps, to be shown. NaN where it has no meaning: generated pictures look more real than those that are trained on,
 * a step has no held-out pictures, or there is no step.
 */
export function overfittingOf(steps: readonly Pick<StepResult, 'logitReal' | 'logitHeldOut' | 'logitFake'>[]): number {
  const sum = (of: (step: (typeof steps)[number]) => number | undefined) =>
    steps.reduce((total, step) => total + (of(step) ?? Number.NaN), 0);
  const sums = {
    real: sum(({ logitReal }) => logitReal),
    heldOut: sum(({ logitHeldOut }) => logitHeldOut),
    fake: sum(({ logitFake }) => logitFake),
  };
  return sums.real > sums.fake ? overfitting(sums) : Number.NaN;
}

/** The results of a step that only some configurations have, in the order in which they are reported. */
export function moreResults({
  ada,
  adaSignal,
  heldOut,
}: Pick<GanConfig, 'ada' | 'adaSignal' | 'heldOut'>): ('signReal' | 'logitReal' | 'logitHeldOut' | 'logitFake')[] {
  return [
    ...(ada && adaSignal === 'sign' ? (['signReal'] as const) : []),
    ...(heldOut > 0 ? (['logitReal', 'logitHeldOut', 'logitFake'] as const) : []),
  ];
}
