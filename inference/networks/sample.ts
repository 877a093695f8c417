/** @file Samples pictures from latents, in batches, with any runner of the generator. */
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
  /** The same as 8-bit levels [N, H, W, C], for runners that compute them in the network's thread. */
  runLevels?(latents: Float32Array, levels: Levels): Promise<Uint8Array>;
}

/** Progress of sampling; field names as in transformers.js. */
export interface SampleProgress {
  status: 'progress';
  /** Pictures done. */
  loaded: number;
  /** Total number of pictures. */
  total: number;
  /** Percent done, 0…100. */
  progress: number;
}

/** Batches in flight, so that the runner never waits. */
const RUNNING_BATCHES = 3;

/** Options of sampling. */
export interface SampleOptions {
  /** Latents per run of the generator, at least 1; the last run may have fewer. */
  batchSize: number;
  /** Value range of the generator's output. */
  range: OutputRange;
  /** Called after every batch. */
  progress_callback?: (progress: SampleProgress) => void;
  /** Stops after the next batch. Batches in flight are finished and discarded. */
  signal?: AbortSignal;
}

/**
 * One picture per latent, in order.
 * @param latents [N, Z]
 * @throws InputError if `latents` is not a whole number of latents, or the output size differs from the declared one
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
    // Errors are reported when the batch is awaited; after an abort they are ignored.
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
