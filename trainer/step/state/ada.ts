/**
 * @file Adaptive discriminator augmentation (Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data"):
 * the probability that a picture is changed follows how much the discriminator overfits.
 */
import type { AdaSignal, GanConfig } from '../../settings/config.js';
import { overfitting, SIGNAL_STEPS, type MeanLogits } from './overfitting.js';
import type { StepResult } from './step.js';

/** What checkpoints keep of `Ada`. */
export interface AdaState {
  /** Probability of the next steps. */
  probability: number;
  /** Steps since the last change. */
  steps: number;
  /** Sum of `signReal` over these, with the signal `sign`. */
  signs?: number;
  /** Sums of the mean logits over these, with the signal `held-out`. */
  logits?: MeanLogits;
}

const begun = (signal: AdaSignal, probability: number): AdaState =>
  signal === 'sign'
    ? { probability, signs: 0, steps: 0 }
    : { probability, logits: { real: 0, heldOut: 0, fake: 0 }, steps: 0 };

/** The probability of a run's next step. It depends on the results of earlier steps alone. */
export class Ada {
  readonly #config: Pick<GanConfig, 'adaSignal' | 'adaTarget' | 'adaImages' | 'batchSize' | 'dSteps'>;
  #state: AdaState;

  /** @param state from a checkpoint; a new run begins with probability 0 */
  constructor(config: GanConfig, state: AdaState = begun(config.adaSignal, 0)) {
    this.#config = config;
    this.#state = structuredClone(state);
  }

  get state(): AdaState {
    return structuredClone(this.#state);
  }

  get probability(): number {
    return this.#state.probability;
  }

  /** Steps until the probability changes, at least one: all of them have the present one. */
  get stepsLeft(): number {
    return SIGNAL_STEPS - this.#state.steps;
  }

  /**
   * Takes in a step. After every fourth, the signal over these (eq. 1) is compared with the target: r_v, see `overfitting`, or
   * r_t = E[sign(D(real))]. The probability rises or falls by a fixed amount, with which it goes from 0 to 1 in `adaImages` pictures.
   */
  after(result: Pick<StepResult, 'signReal' | 'logitReal' | 'logitHeldOut' | 'logitFake'>): void {
    const { adaSignal, adaTarget, adaImages, batchSize, dSteps } = this.#config;
    const next = added(this.#state, result);
    if (next.steps < SIGNAL_STEPS) {
      this.#state = next;
      return;
    }
    const signal = next.logits ? overfitting(next.logits) : (next.signs ?? 0) / next.steps;
    const change = (Math.sign(signal - adaTarget) * next.steps * batchSize * dSteps) / adaImages;
    this.#state = begun(adaSignal, Math.min(1, Math.max(0, next.probability + change)));
  }
}

/** A state with one more step. */
function added(
  { probability, steps, signs = 0, logits }: AdaState,
  { signReal = 0, logitReal = 0, logitHeldOut = 0, logitFake = 0 }: Parameters<Ada['after']>[0],
): AdaState {
  if (!logits) return { probability, signs: signs + signReal, steps: steps + 1 };
  const { real, heldOut, fake } = logits;
  const sums = { real: real + logitReal, heldOut: heldOut + logitHeldOut, fake: fake + logitFake };
  return { probability, logits: sums, steps: steps + 1 };
}

/** Whether a value from a file is a state of a configuration's signal. */
export function isAdaState(value: unknown, { adaSignal }: Pick<GanConfig, 'adaSignal'>): value is AdaState {
  const { probability, signs, logits, steps } = Object(value) as Record<string, unknown>;
  const isWithin = (found: unknown, from: number, to: number) =>
    typeof found === 'number' && found >= from && found <= to;
  const { real, heldOut, fake } = Object(logits) as Record<string, unknown>;
  return (
    isWithin(probability, 0, 1) &&
    (adaSignal === 'sign'
      ? isWithin(signs, -SIGNAL_STEPS, SIGNAL_STEPS)
      : [real, heldOut, fake].every((sum) => Number.isFinite(sum))) &&
    Number.isInteger(steps) &&
    isWithin(steps, 0, SIGNAL_STEPS - 1)
  );
}
