/** @file Real and generated pictures compared by their features. */
import { normalLatents, seedsFrom } from '../../inference/latent/latents.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { picturesFromOutput } from '../../inference/pictures/pixels.js';
import { Random } from '../../inference/numeric/random.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { InputError } from '../../onnx/index.js';
import type { GanConfig } from '../settings/config.js';
import type { ReadablePictures } from '../data/sets/readable.js';
import type { FeatureNetwork } from './feature-network.node.js';
import { distancesBetween, featuresOf, type EvaluationOptions } from './distances.node.js';
import type { Features } from './features.js';
import type { QualityRow } from './quality.js';

/** Pictures whose features are computed between two looks at the signal. */
const BATCH = 32;

/** Makes pictures [N, C, H, W] of latents [N, Z], as `TrainStep.sample`. */
export type Sampler = (latents: Float32Array) => Promise<Float32Array>;

/**
 * Compares a generator with the pictures it learns from. Real pictures are brought to the generator's size as for
 * training, then both go to the feature network as 8-bit pictures. The generated ones are those of the seeds 0, 1, 2, …,
 * the same at every evaluation, and as many of both as asked for, or as the data set has.
 */
export class Evaluator {
  #real: Features | undefined;

  /**
   * @param pictures the real ones; those that turn out to be broken are listed in its `skipped`
   * @param samples pictures of each kind; of a larger data set a random choice is taken
   */
  constructor(
    readonly network: FeatureNetwork,
    readonly pictures: ReadablePictures,
    readonly config: GanConfig,
    readonly samples: number,
  ) {
    if (!Number.isInteger(samples) || samples < 2) {
      throw new InputError({ name: 'samples', expected: 'a whole number of at least 2', got: samples });
    }
  }

  /**
   * The distances between real pictures and those of a generator after `step` updates.
   * @throws InputError if the generator gives numbers that are not finite, or fewer than two real pictures can be read
   * @throws the signal's reason when it is aborted
   */
  async quality(step: number, sample: Sampler, options: EvaluationOptions = {}): Promise<QualityRow> {
    const started = performance.now();
    this.#real ??= await featuresOf(
      this.network,
      this.#realPictures(),
      Math.min(this.samples, this.pictures.dataset.length),
      options,
    );
    const real = this.#real;
    const fake = await featuresOf(this.network, this.#generated(sample), this.samples, options);
    const distances = await distancesBetween(real, fake, options);
    return {
      step,
      ...distances,
      real: real.data.length / real.size,
      generated: fake.data.length / fake.size,
      features: this.network.name,
      seconds: (performance.now() - started) / 1000,
    };
  }

  /** Frees the feature network. */
  dispose(): Promise<void> {
    return this.network.dispose();
  }

  async *#realPictures(): AsyncGenerator<Picture[]> {
    const { imageSize, channels, resize, seed } = this.config;
    const order = Random.derived(seed, 'evaluation').shuffled(this.pictures.dataset.length);
    let left = this.samples;
    for (let start = 0; start < order.length && left > 0; start += BATCH) {
      const decoded = await Promise.all(
        [...order.subarray(start, start + Math.min(BATCH, left))].map((index) => this.pictures.picture(index)),
      );
      const pictures = decoded.filter((picture) => picture !== undefined);
      left -= pictures.length;
      if (pictures.length === 0) continue;
      yield pictures.map((each) => resizedPicture(each, { width: imageSize, height: imageSize, channels, resize }));
    }
  }

  async *#generated(sample: Sampler): AsyncGenerator<Picture[]> {
    const { latentDim, channels, imageSize, normalization } = this.config;
    const size = { channels, height: imageSize, width: imageSize };
    for (let start = 0; start < this.samples; start += BATCH) {
      const latents = normalLatents(seedsFrom(start, Math.min(BATCH, this.samples - start)), latentDim);
      yield picturesFromOutput(await sample(latents), size, normalization);
    }
  }
}
