/**
 * @file Adaptive discriminator augmentation (Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data"):
 * the probability that a picture is changed follows how much the discriminator overfits.
 */
import type { GanConfig } from '../../settings/config.js';
import type { StepResult } from './step.js';

/** Steps from one change of the probability to the next, as in the paper (section 3.1). */
const INTERVAL = 4;

/** What checkpoints keep of `Ada`. */
export interface AdaState {
  /** Probability of the next steps. */
  probability: number;
  /** Sum of `signReal` over the steps since the last change, and how many these are. */
  signs: number;
  steps: number;
}

/** The probability of a run's next step. It depends on the results of earlier steps alone. */
export class Ada {
  readonly #config: Pick<GanConfig, 'adaTarget' | 'adaImages' | 'batchSize' | 'dSteps'>;
  #state: AdaState;

  /** @param state from a checkpoint; a new run begins with probability 0 */
  constructor(config: GanConfig, state: AdaState = { probability: 0, signs: 0, steps: 0 }) {
    this.#config = config;
    this.#state = { ...state };
  }

  get state(): AdaState {
    return { ...this.#state };
  }

  get probability(): number {
    return this.#state.probability;
  }

  /** Steps until the probability changes, at least one: all of them have the present one. */
  get stepsLeft(): number {
    return INTERVAL - this.#state.steps;
  }

  /**
   * Takes in a step. After every fourth, r_t = E[sign(D(real))] (eq. 1) over these is compared with the target, and the
   * probability rises or falls by a fixed amount, with which it goes from 0 to 1 in `adaImages` pictures.
   */
  after({ signReal = 0 }: Pick<StepResult, 'signReal'>): void {
    const { adaTarget, adaImages, batchSize, dSteps } = this.#config;
    const { probability } = this.#state;
    const signs = this.#state.signs + signReal;
    const steps = this.#state.steps + 1;
    if (steps < INTERVAL) {
      this.#state = { probability, signs, steps };
      return;
    }
    const change = (Math.sign(signs / steps - adaTarget) * steps * batchSize * dSteps) / adaImages;
    this.#state = { probability: Math.min(1, Math.max(0, probability + change)), signs: 0, steps: 0 };
  }
}

/** Whether a value from a file is a state. */
export function isAdaState(value: unknown): value is AdaState {
  const { probability, signs, steps } = Object(value) as Record<string, unknown>;
  const isWithin = (found: unknown, from: number, to: number) =>
    typeof found === 'number' && found >= from && found <= to;
  return (
    isWithin(probability, 0, 1) &&
    isWithin(signs, -INTERVAL, INTERVAL) &&
    Number.isInteger(steps) &&
    isWithin(steps, 0, INTERVAL - 1)
  );
}
