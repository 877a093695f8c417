/** @file One update of Adam as nodes of a graph. */
import type { GraphBuilder } from './build.js';

/** Adam's ε, as in PyTorch: added to the square root after bias correction. */
export const ADAM_EPSILON = 1e-8;

/** Names of values of one shape: what is updated, its gradient, and the moments. */
export interface AdamState {
  value: string;
  gradient: string;
  m: string;
  v: string;
}

/** Names of the scalars that change from step to step, and the constants. */
export interface AdamRates {
  /** Learning rate / (1 − β1^t). */
  stepSize: string;
  /** √(1 − β2^t). */
  correction: string;
  beta1: number;
  beta2: number;
}

/** Appends an update of Adam (Kingma & Ba 2015, algorithm 1). Returns the names of the new value and moments. */
export function adamUpdate(
  b: GraphBuilder,
  { value, gradient: g, m, v }: AdamState,
  { stepSize, correction, beta1, beta2 }: AdamRates,
): { value: string; m: string; v: string } {
  const nextM = b.add(m, b.mul(b.sub(g, m), b.scalar(1 - beta1)), 'm');
  const nextV = b.add(b.mul(v, b.scalar(beta2)), b.mul(b.mul(g, g), b.scalar(1 - beta2)), 'v');
  const deviation = b.add(b.div(b.op('Sqrt', [nextV]), correction), b.scalar(ADAM_EPSILON));
  const updated = b.sub(value, b.mul(b.div(nextM, deviation), stepSize), 'updated');
  return { value: updated, m: nextM, v: nextV };
}

/** The numbers of one update. 1 − 0.999 in float32 is off by 1e-4, so both corrections are computed outside the graph. */
export interface AdamNumbers {
  /** Learning rate / (1 − β1^t). */
  stepSize: number;
  /** √(1 − β2^t). */
  correction: number;
}

/** The numbers of update `t`, the first is 1. */
export function adamScalars(t: number, learningRate: number, beta1: number, beta2: number): AdamNumbers {
  return { stepSize: learningRate / (1 - beta1 ** t), correction: Math.sqrt(1 - beta2 ** t) };
}
