/** @file One training step of a GAN, whatever computes it: the interface of `onnx.ts` and `tfjs.ts`. */

/** What a step is fed. All arrays are float32. */
export interface StepBatch {
  /** Normalised real pictures, [N, C, H, W]. */
  real: Float32Array;
  /** Latents of the discriminator's update, [N, Z]. */
  latents: Float32Array;
  /** Latents of the generator's update, [N, Z]; the same array as `latents` unless the preset draws fresh ones. */
  generatorLatents: Float32Array;
}

/** What a step reports: mean losses in nats, mean probabilities in 0…1. */
export interface StepResult {
  lossD: number;
  lossG: number;
  /** D(x) on the real pictures. */
  dReal: number;
  /** D(G(z)) before the discriminator's update. */
  dFakeBefore: number;
  /** D(G(z)) after the discriminator's update. */
  dFakeAfter: number;
}

/** A float32 tensor with its shape. */
export interface StateTensor {
  shape: number[];
  data: Float32Array;
}

/**
 * All that a run's future depends on, in tfjs layout. `weights` has one entry per model weight in the order of
 * `model.getWeights()`, running statistics included; `m` and `v` are Adam's moments, keyed by weight name, for
 * trainable weights only.
 */
export interface NetworkState {
  weights: Map<string, StateTensor>;
  m: Map<string, StateTensor>;
  v: Map<string, StateTensor>;
}

/** State of both networks after `step` updates. */
export interface TrainState {
  step: number;
  generator: NetworkState;
  discriminator: NetworkState;
}

/** A training step with its state. Not re-entrant: await each call before the next. */
export interface TrainStep {
  /** Human-readable name of what computes the step, for the log. */
  readonly description: string;
  /** Updates both networks once: the discriminator first, then the generator against the updated discriminator. */
  run(batch: StepBatch): Promise<StepResult>;
  /** Pictures [N, C, H, W] in the tanh range for latents [N, Z], with running statistics (inference form). */
  sample(latents: Float32Array): Promise<Float32Array>;
  /** A copy of the current state. */
  state(): Promise<TrainState>;
  dispose(): Promise<void>;
}
