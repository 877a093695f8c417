/** @file Schedules: numbers that change from step to step, in double precision. */
import { adamScalars, type AdamNumbers } from '../../../onnx/build/adam.js';
import type { GanConfig } from '../../settings/config.js';

/** The numbers of update `t`, counted from 1. */
export function adamNumbers(rate: number, t: number, { beta1, beta2 }: GanConfig): AdamNumbers {
  return adamScalars(t, rate, beta1, beta2);
}

/** The number, counted from 1, of each of the discriminator's updates in a step, which is counted from 1 too. */
export function discriminatorUpdates({ dSteps }: GanConfig, step: number): number[] {
  return Array.from({ length: dSteps }, (_, index) => (step - 1) * dSteps + index + 1);
}

/** Whether the configured R1 and R2 are part of a step, which is counted from 1. The first step has them, then every k-th. */
export function isPenalised({ r1, r2, r1Every }: GanConfig, step: number): boolean {
  return (r1 > 0 || r2 > 0) && (step - 1) % r1Every === 0;
}

/** The values that `isPenalised` has in a run. */
export function kindsOfSteps(config: GanConfig): boolean[] {
  return [true, false].filter((kind) => kind === isPenalised(config, 1) || kind === isPenalised(config, 2));
}

/** The decay of the averaged generator in a step, which is counted from 1. */
export function emaDecay({ ema, emaWarmup }: GanConfig, step: number): number {
  return emaWarmup ? Math.min(ema, (1 + step) / (10 + step)) : ema;
}

/**
 * The factor of both learning rates in a step: 1 up to `lrDecayStart`, then it falls to 0 at the end of the run, linearly or
 * as half a cosine wave (Loshchilov and Hutter 2017, eq. 5).
 * @param done steps before this one
 * @param steps steps of the whole run
 */
export function rateFactor({ lrDecay, lrDecayStart }: GanConfig, done: number, steps: number): number {
  const start = lrDecayStart * steps;
  if (lrDecay === 'none' || done <= start) return 1;
  const progress = Math.min(1, (done - start) / (steps - start));
  return lrDecay === 'linear' ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
}
