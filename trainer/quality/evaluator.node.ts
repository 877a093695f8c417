/** @file Real and generated pictures compared by their features. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import { normalLatents, seedsFrom } from '../../inference/latent/latents.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { picturesFromOutput } from '../../inference/pictures/pixels.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { InputError } from '../../onnx/index.js';
import type { GanConfig } from '../settings/config.js';
import type { ReadablePictures } from '../data/sets/readable.js';
import type { FeatureNetwork } from './feature-network.node.js';
import { assumedOfSubsets, distancesBetween, featuresOf, type EvaluationOptions } from './distances.node.js';
import type { Features } from './features.js';
import type { QualityRow } from './quality.js';

/** Generated pictures between two checks of the abort signal. */
const BATCH = 32;

/** Generates pictures [N, C, H, W] from latents [N, Z], like `TrainStep.sample`. */
export type Sampler = (latents: Float32Array) => Promise<Float32Array>;

/**
 * Compares a generator with its training pictures. Real pictures are resized as for training; then both sets go to the
 * feature network as 8-bit pictures. Generated pictures use the seeds 0, 1, 2, … at every evaluation. Both sets have the
 * requested size, or the size of the data set if that is smaller.
 */
export class Evaluator {
  #real: Features | undefined;

  /**
   * @param pictures the real pictures; unreadable ones are listed in its `skipped`
   * @param samples pictures per set; a larger data set is sampled at random
   */
  constructor(
    readonly network: FeatureNetwork,
    readonly pictures: ReadablePictures,
    readonly config: GanConfig,
    readonly samples: number,
    /** What the options of assumptions are called where this is used. */
    readonly renamed: (assumption: Assumption) => Assumption = (assumption) => assumption,
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
      assumed: [...this.network.assumptions, assumedOfSubsets(distances, options.subsetSize)].map(this.renamed),
      seconds: (performance.now() - started) / 1000,
    };
  }

  /** Frees the feature network. */
  dispose(): Promise<void> {
    return this.network.dispose();
  }

  async *#realPictures(): AsyncGenerator<Picture[]> {
    const { imageSize, channels, resize, seed } = this.config;
    const size = { width: imageSize, height: imageSize, channels, resize };
    for await (const pictures of this.pictures.chosen(this.samples, seed))
      yield pictures.map((each) => resizedPicture(each, size));
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
