/** @file From latents to pictures, in batches, with whatever runs the generator. */
import { InputError } from '../../onnx/errors.js';
import type { Picture } from '../pictures/pictures.js';
import type { Levels } from '../runtime/levels.js';
import { outputLevels, picturesFromLevels, picturesFromOutput, type OutputRange } from '../pictures/pixels.js';

/** A generator that can be run: an ONNX session, a tfjs model, or a stand-in. */
export interface GeneratorRunner {
  /** Z, numbers per latent. */
  latentDim: number;
  channels: 1 | 3;
  height: number;
  width: number;
  /** Pictures [N, C, H, W] for latents [N, Z]. */
  run(latents: Float32Array): Promise<Float32Array>;
  /** The same as 8-bit levels [N, H, W, C], for runners that make them where the network runs. */
  runLevels?(latents: Float32Array, levels: Levels): Promise<Uint8Array>;
}

/** How far sampling has come; field names as in transformers.js. */
export interface SampleProgress {
  status: 'progress';
  /** Pictures done. */
  loaded: number;
  /** Pictures in all. */
  total: number;
  /** Percent done, 0…100. */
  progress: number;
}

/** Batches that are asked for at the same time: whatever runs the generator never waits. */
const RUNNING_BATCHES = 3;

/** How pictures are sampled. */
export interface SampleOptions {
  /** Latents per run of the generator, at least 1; the last run may have fewer. */
  batchSize: number;
  /** What the generator's numbers mean. */
  range: OutputRange;
  /** Called after every batch. */
  progress_callback?: (progress: SampleProgress) => void;
  /** Stops after the next batch; batches that are on their way are made and dropped. */
  signal?: AbortSignal;
}

/**
 * One picture per latent, in order.
 * @param latents [N, Z]
 * @throws InputError if `latents` is no whole number of latents, or the generator's output has another size than it says
 * @throws the signal's reason when it is aborted
 */
export async function samplePictures(
  runner: GeneratorRunner,
  latents: Float32Array,
  options: SampleOptions,
): Promise<Picture[]> {
  const { batchSize, range, progress_callback, signal } = options;
  const { latentDim } = runner;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new InputError({ name: 'batchSize', expected: 'a positive integer', got: batchSize });
  }
  if (latents.length % latentDim !== 0) {
    throw new InputError({ name: 'latents', expected: `a multiple of ${latentDim} numbers`, got: latents.length });
  }
  const total = latents.length / latentDim;
  const levels = outputLevels(range, runner.channels);
  const run = (start: number): Promise<Picture[]> => {
    signal?.throwIfAborted();
    const running = batchPictures(latents.slice(start * latentDim, (start + batchSize) * latentDim));
    // A failure is met where the pictures are awaited, unless the caller has stopped before.
    running.catch(() => {});
    return running;
  };
  const pictures: Picture[] = [];
  const running: Promise<Picture[]>[] = [];
  let asked = 0;
  while (pictures.length < total) {
    for (; asked < total && running.length < RUNNING_BATCHES; asked += batchSize) running.push(run(asked));
    const made = (await running.shift()) as Picture[];
    const end = Math.min(pictures.length + batchSize, total);
    if (made.length !== end - pictures.length) {
      throw new InputError({
        name: 'generator',
        expected: `${end - pictures.length} pictures from a batch`,
        got: made.length,
      });
    }
    pictures.push(...made);
    progress_callback?.({
      status: 'progress',
      loaded: pictures.length,
      total,
      progress: (100 * pictures.length) / total,
    });
    if (end < total) signal?.throwIfAborted();
  }
  return pictures;

  async function batchPictures(batch: Float32Array): Promise<Picture[]> {
    if (!runner.runLevels) return picturesFromOutput(await runner.run(batch), runner, range);
    return picturesFromLevels(await runner.runLevels(batch, levels), runner);
  }
}
