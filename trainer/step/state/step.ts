/** @file The interface of a GAN training step, implemented by `onnx.ts` and `tfjs.ts`. */

import type { AdaState } from './ada.js';

/** The numbers of DiffAugment for each kind of pass through the discriminator, rows as `augmentationColumns` says. */
export interface AugmentationBatch {
  /** [D·N, 7], as `StepBatch.real`. */
  real: Float32Array;
  /** [D·N, 7]; with `ada` all have eight columns. */
  fake: Float32Array;
  /** Of the generator's update, [N, 7]. */
  again: Float32Array;
}

/** A batch of held-out pictures, as the discriminator's own pictures are given. */
export interface HeldOutBatch {
  /** [N, C, H, W]. */
  pictures: Float32Array;
  /** [N, K]; required if the configuration is `conditional`. */
  labels?: Float32Array;
  /** [N, 7], with `ada` eight columns; required if the configuration has `diffaugment`. */
  augmentation?: Float32Array;
}

/** The inputs of a step. All arrays are float32. A step has D updates of the discriminator (`dSteps`, usually one). */
export interface StepBatch {
  /** Normalised real pictures, [D·N, C, H, W]: N for each update of the discriminator. */
  real: Float32Array;
  /** Latents of the discriminator's updates, [D·N, Z]. */
  latents: Float32Array;
  /** Latents of the generator's update, [N, Z]; read only if the configuration uses separate latents. */
  generatorLatents: Float32Array;
  /** One-hot classes of the real pictures and of the generated ones beside them, [D·N, K]; required if the configuration is `conditional`. */
  labels?: Float32Array;
  /** Required if the configuration has `diffaugment`. */
  augmentation?: AugmentationBatch;
  /** Shares of real pictures in those that the penalty of wgan-gp is taken at, 0…1, [D·N]; required by that loss. */
  interpolation?: Float32Array;
  /** What the discriminator judges without learning from it, before its last update; required with `heldOut`. */
  heldOut?: HeldOutBatch;
  /** Factor of both learning rates; default 1. */
  rateFactor?: number;
}

/**
 * The results of a step: mean losses (binary cross-entropy in nats; without penalties) and mean probabilities (sigmoids of
 * the logits, 0…1).
 * With several updates of the discriminator, those of the last one.
 */
export interface StepResult {
  lossD: number;
  lossG: number;
  /** D(x) on the real pictures. */
  dReal: number;
  /** D(G(z)) before the discriminator's update. */
  dFakeBefore: number;
  /** D(G(z)) after the discriminator's update. */
  dFakeAfter: number;
  /** Mean sign of the logits of the real pictures, −1…1; with `ada` and the signal `sign` only. */
  signReal?: number;
  /** Mean logits of the real pictures, held-out ones and generated ones before the discriminator's update; with `heldOut` only. */
  logitReal?: number;
  logitHeldOut?: number;
  logitFake?: number;
}

/** A float32 tensor with its shape. */
export interface StateTensor {
  shape: number[];
  data: Float32Array;
}

/**
 * The whole training state of a network, in tfjs layout. `weights` has one entry per model weight in the order of
 * `model.getWeights()`, running statistics included; `m` and `v` are Adam's moments, keyed by weight name, for
 * trainable weights only.
 */
export interface NetworkState {
  weights: Map<string, StateTensor>;
  m: Map<string, StateTensor>;
  v: Map<string, StateTensor>;
  /** The averaged generator's weights, running statistics included, where the configuration has `ema`. */
  ema?: Map<string, StateTensor>;
  /** The discriminator's vectors `<kernel>_u` and `<kernel>_v`, where the configuration has `spectralNorm`. */
  spectral?: Map<string, StateTensor>;
}

/** State of both networks after `step` updates. */
export interface TrainState {
  step: number;
  /** Of the augmentation's probability, which training steers between the steps; with `ada` only. */
  ada?: AdaState;
  generator: NetworkState;
  discriminator: NetworkState;
}

/** A training step with its state. Not re-entrant: await each call before the next. */
export interface TrainStep {
  /** Human-readable name of the implementation, for the log. */
  readonly description: string;
  /** Updates both networks: the discriminator first, then the generator against the updated discriminator. */
  run(batch: StepBatch): Promise<StepResult>;
  /** Several steps in one run, by implementations that can (`StepSource.stepsPerRun`); the same numbers as one by one. */
  runAll?(batches: readonly StepBatch[]): Promise<StepResult[]>;
  /**
   * Pictures [N, C, H, W] in the tanh range for latents [N, Z], with running statistics (inference form), by the
   * averaged generator where there is one.
   * @param labels one-hot classes [N, K], of a conditional generator
   */
  sample(latents: Float32Array, labels?: Float32Array): Promise<Float32Array>;
  /** A copy of the current state. */
  state(): Promise<TrainState>;
  dispose(): Promise<void>;
}
