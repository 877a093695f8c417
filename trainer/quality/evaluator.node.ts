/** @file Real and generated pictures compared by their features. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import { normalLatents } from '../../inference/latent/latents.js';
import { picturesFromOutput } from '../../inference/pictures/pixels.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { InputError } from '../../onnx/index.js';
import type { GanConfig } from '../settings/config.js';
import type { ReadablePictures } from '../data/sets/readable.js';
import type { FeatureNetwork } from './feature-network.node.js';
import { generatedCandidates, realCandidates, type Candidates } from './candidates.js';
import { assumedOfSubsets, comparedSets, setPlans, type EvaluationOptions } from './distances.node.js';
import type { MeasuredSet } from './measured-set.node.js';
import type { QualityRow } from './quality.js';

/** Generates pictures [N, C, H, W] from latents [N, Z], like `TrainStep.sample`. */
export type Sampler = (latents: Float32Array) => Promise<Float32Array>;

/** A run's training pictures as they are compared: resized as for training. */
export function trainingCandidates(pictures: ReadablePictures, config: GanConfig): Candidates {
  const { imageSize, channels, resize, seed } = config;
  const size = { width: imageSize, height: imageSize, channels, resize };
  return realCandidates(pictures, seed, (picture) => resizedPicture(picture, size));
}

/** How the classes of a conditional generator's pictures are chosen. */
export function assumedOfClasses({ conditional, classNames }: GanConfig): Assumption[] {
  if (!conditional) return [];
  const taken = `one of ${classNames.length} drawn for each picture, all as likely`;
  return [{ about: 'classes of generated pictures', taken, because: 'always so', options: [] }];
}

/** What generated pictures are compared with, where the run holds out a share. */
export function assumedOfReal({ heldOut }: GanConfig): Assumption[] {
  if (heldOut === 0) return [];
  const taken = `those of the whole set, the share of ${heldOut} that is held out from training among them`;
  return [{ about: 'real pictures', taken, because: 'always so', options: [] }];
}

/** A generator's pictures of the seeds 0, 1, 2, … */
export function generatedLike(sample: Sampler, config: GanConfig): Candidates {
  const { latentDim, channels, imageSize, normalization } = config;
  const size = { channels, height: imageSize, width: imageSize };
  return generatedCandidates('generated pictures', async (seeds) =>
    picturesFromOutput(await sample(normalLatents(seeds, latentDim)), size, normalization),
  );
}

/**
 * Compares a generator with its training pictures. Real pictures are resized as for training; then both sets go to the
 * feature network as 8-bit pictures. Generated pictures use the seeds 0, 1, 2, … at every evaluation. Both sets have the
 * requested size, or the size of the data set if that is smaller.
 */
export class Evaluator {
  readonly #candidates: Candidates;
  /** Pictures of each set, if so many can be decoded. */
  readonly #wanted: { real: number; fake: number };
  #real: MeasuredSet | undefined;

  /**
   * @param pictures the real pictures; unreadable ones are listed in its `skipped`
   * @param samples pictures per set; a larger data set is sampled at random
   * @throws InputError for too few pictures
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
    this.#candidates = trainingCandidates(pictures, config);
    this.#wanted = { real: Math.min(samples, pictures.dataset.length), fake: samples };
    setPlans(this.#wanted, {});
  }

  /**
   * The distances between real pictures and those of a generator after `step` updates.
   * @throws InputError if the generator gives numbers that are not finite, or fewer than two real pictures can be read
   * @throws the signal's reason when it is aborted
   */
  async quality(step: number, sample: Sampler, options: EvaluationOptions = {}): Promise<QualityRow> {
    const started = performance.now();
    const { network } = this;
    const sets = { real: this.#candidates, fake: generatedLike(sample, this.config), measured: this.#real };
    const { distances, real, fake } = await comparedSets(network, { ...sets, wanted: this.#wanted }, options);
    this.#real = real;
    return {
      step,
      ...distances,
      real: real.count,
      generated: fake.count,
      features: this.network.name,
      assumed: [
        ...this.network.assumptions,
        ...assumedOfClasses(this.config),
        ...assumedOfReal(this.config),
        assumedOfSubsets(distances, options.subsetSize),
      ].map(this.renamed),
      seconds: (performance.now() - started) / 1000,
    };
  }

  /** Frees the feature network. */
  dispose(): Promise<void> {
    return this.network.dispose();
  }
}
