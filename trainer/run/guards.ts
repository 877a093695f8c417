/** @file Detects runs that have failed: weights that are not finite, a discriminator that wins, pictures that are all alike. */
import type { Picture } from '../../inference/pictures/pictures.js';
import { hasTargets, isRelativistic, type GanConfig } from '../settings/config.js';
import type { StepResult, TrainState } from '../step/state/step.js';

/** Steps for which scores must stay pinned, and before which generated pictures may be all alike. */
export const PATIENCE = 500;
/** Scores within this distance of 0 and 1 are pinned. */
const PINNED = 0.02;
/**
 * Least squares pull logits to 0 and 1, the hinge leaves them beyond ±1, and relativistic scores tell nothing alone, so the loss
 * tells: below this, D's answers are as good as exact.
 */
const EXACT_LOSS = 0.01;
/** Fraction of the real pictures' spread below which generated ones count as all alike. */
const ALIKE = 0.1;

/** The name of the first weight, moment or other tensor of the state that is not finite everywhere. */
export function nonFiniteTensor({ generator, discriminator }: TrainState): string | undefined {
  for (const network of [generator, discriminator]) {
    for (const part of Object.values(network) as Map<string, { data: Float32Array }>[]) {
      for (const [name, { data }] of part) if (!data.every(Number.isFinite)) return name;
    }
  }
  return undefined;
}

/** How much pictures of one size differ: the standard deviation over the pictures, 0…127.5, mean over all values. */
export function spreadOf(pictures: readonly Picture[]): number {
  const length = pictures[0]?.data.length ?? 0;
  let total = 0;
  for (let at = 0; at < length; at++) {
    let [sum, squares] = [0, 0];
    for (const { data } of pictures) {
      const value = data[at] as number;
      sum += value;
      squares += value * value;
    }
    const mean = sum / pictures.length;
    total += Math.sqrt(Math.max(0, squares / pictures.length - mean * mean));
  }
  return length === 0 ? 0 : total / length;
}

/** Watches a run for collapse, and warns of each kind once. */
export class CollapseWatch {
  readonly #config: GanConfig;
  #pinnedSteps = 0;
  #warnedOfScores = false;
  #warnedOfSamples = false;

  constructor(config: GanConfig) {
    this.#config = config;
  }

  /** @returns the warning, where the discriminator has won for `PATIENCE` steps on end */
  afterStep({ step, ...result }: StepResult & { step: number }): string | undefined {
    this.#pinnedSteps = this.#isPinned(result) ? this.#pinnedSteps + 1 : 0;
    if (this.#pinnedSteps < PATIENCE || this.#warnedOfScores) return undefined;
    this.#warnedOfScores = true;
    const { dReal, dFakeBefore } = result;
    const smoothing = hasTargets(this.#config) ? ', `labelSmoothing` 0.1' : '';
    return (
      `step ${step}: the discriminator has separated real from generated pictures perfectly for ${PATIENCE} steps ` +
      `(D(x) ${dReal.toFixed(3)}, D(G(z)) ${dFakeBefore.toFixed(3)}), so the generator learns little. Try a lower \`lrD\`, ` +
      `\`spectralNorm\`${smoothing} or, for small sets, \`diffaugment\` color,translation,cutout`
    );
  }

  /** @returns the warning, where the generator's pictures are all alike beside real ones of the same size */
  afterSamples(step: number, samples: readonly Picture[], real: readonly Picture[]): string | undefined {
    if (step < PATIENCE || this.#warnedOfSamples) return undefined;
    const [found, expected] = [spreadOf(samples), spreadOf(real)];
    if (found >= ALIKE * expected) return undefined;
    this.#warnedOfSamples = true;
    return (
      `step ${step}: the generator's pictures are all alike (they differ by ${found.toFixed(1)} of 255 on average, real ones ` +
      `by ${expected.toFixed(1)}). Try a lower \`lr\`, a larger \`batchSize\`, \`loss\` hinge with \`spectralNorm\` or, for small ` +
      'sets, `diffaugment` color,translation,cutout'
    );
  }

  #isPinned({ lossD, dReal, dFakeBefore }: StepResult): boolean {
    const { loss } = this.#config;
    // A critic's scores are no probabilities, and may be as far apart as they like.
    if (loss === 'wgan' || loss === 'wgan-gp') return false;
    if (loss === 'lsgan' || loss === 'hinge' || isRelativistic(this.#config)) return lossD < EXACT_LOSS;
    return [dReal, dFakeBefore].every((score) => Math.min(score, 1 - score) < PINNED);
  }
}
