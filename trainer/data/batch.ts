/** @file What a training step is fed: a pure function of data, configuration and the step's number. */
import { concatenated } from '../../inference/numeric/concatenated.js';
import { Random } from '../../inference/numeric/random.js';
import { drawnAugmentation } from '../step/state/augmentation.js';
import type { GanConfig } from '../settings/config.js';
import { oneHotRows } from '../step/state/labels.js';
import { rateFactor } from '../step/state/schedule.js';
import { sharedRows, type Share } from '../step/state/group.js';
import type { StepBatch } from '../step/state/step.js';

/** Pictures and the numbers of their classes. */
export interface LabelledBatch {
  pictures: Float32Array;
  classes: Uint16Array;
}

/** Batches of pictures. */
interface Batches {
  batch(index: number): Promise<Float32Array>;
  /** The same with the number of each picture's class, of data with classes. */
  labelledBatch?(index: number): Promise<LabelledBatch>;
}

/** Where batches of real pictures come from; a `Loader`. */
interface Pictures extends Batches {
  batchesPerEpoch: number;
  /** Those that are held out. */
  heldOut?: Batches | undefined;
}

/** Steps before every picture has been seen once by the discriminator. */
export function epochSteps({ dSteps }: GanConfig, { batchesPerEpoch }: Pictures): number {
  return Math.max(1, Math.floor(batchesPerEpoch / dSteps));
}

/**
 * The batch of a step.
 * @param done steps before this one
 * @param steps steps of the whole run, which decide when decaying learning rates end
 * @param share the part of the batch that is wanted; `pictures` gives the same part
 * @param probability with `ada`: of each picture to be changed
 */
export async function stepBatch(
  config: GanConfig,
  pictures: Pictures,
  done: number,
  steps: number,
  share: Share = { index: 0, count: 1 },
  probability?: number,
): Promise<StepBatch> {
  const { dSteps, batchSize, imageSize, seed, diffaugment, ada, freshLatents, gp } = config;
  if (ada !== (probability !== undefined)) throw new Error('a probability of changes is given with ada, and only then');
  const batches: Float32Array[] = [];
  const labels: Float32Array[] = [];
  for (let update = 0; update < dSteps; update++) {
    const { pictures: batch, labels: rows } = await networkBatch(config, pictures, done * dSteps + update);
    batches.push(batch);
    if (rows) labels.push(rows);
  }
  const latents = sharedRows(stepLatents(config, done, 'discriminator'), dSteps, share);
  const numbers = (pass: string, updates: number) => {
    const random = Random.derived(seed, `augmentation/${pass}/${done}`);
    return sharedRows(drawnAugmentation(random, updates * batchSize, imageSize, probability), updates, share);
  };
  return {
    real: dSteps === 1 ? (batches[0] as Float32Array) : concatenated(batches),
    latents,
    ...(config.conditional && { labels: concatenated(labels) }),
    generatorLatents: freshLatents ? sharedRows(stepLatents(config, done, 'generator'), 1, share) : latents,
    ...(diffaugment.length > 0 && {
      augmentation: {
        real: numbers('real', dSteps),
        fake: numbers('fake', dSteps),
        again: numbers('again', 1),
      },
    }),
    ...(config.heldOut > 0 && {
      heldOut: {
        ...(await networkBatch(config, heldOutOf(pictures), done)),
        ...(diffaugment.length > 0 && { augmentation: numbers('held-out', 1) }),
      },
    }),
    ...(gp > 0 && { interpolation: sharedRows(stepInterpolation(config, done), dSteps, share) }),
    rateFactor: rateFactor(config, done, steps),
  };
}

/** A batch of pictures, with one-hot labels for conditional networks. */
async function networkBatch({ conditional, classNames }: GanConfig, pictures: Batches, index: number) {
  if (!conditional) return { pictures: await pictures.batch(index) };
  if (!pictures.labelledBatch) throw new Error('conditional networks need pictures with classes');
  const batch = await pictures.labelledBatch(index);
  return { pictures: batch.pictures, labels: oneHotRows(batch.classes, classNames.length) };
}

function heldOutOf({ heldOut }: Pictures): Batches {
  if (!heldOut) throw new Error('the configuration holds out pictures, and there are none');
  return heldOut;
}

/** The shares ε of real pictures of a step, uniform over 0…1, one for each picture of each update of the discriminator. */
function stepInterpolation({ seed, dSteps, batchSize }: GanConfig, step: number): Float32Array {
  const random = Random.derived(seed, `interpolation/${step}`);
  return Float32Array.from({ length: dSteps * batchSize }, () => random.uniform());
}

/** The latents of a step, from N(0, 1): [D·N, Z] for the discriminator's updates, [N, Z] for the generator's. */
export function stepLatents(config: GanConfig, step: number, purpose: 'discriminator' | 'generator'): Float32Array {
  const random = Random.derived(config.seed, `latents/${purpose}/${step}`);
  const rows = config.batchSize * (purpose === 'discriminator' ? config.dSteps : 1);
  return Float32Array.from({ length: rows * config.latentDim }, () => random.normal());
}
