/** @file Trains a network for a time, and draws samples of it: with this project, and with PyTorch's tutorial. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Random } from '../../inference/numeric/random.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { picturesFromOutput } from '../../inference/pictures/pixels.js';
import { train } from '../../trainer/run/loop.node.js';
import { startRun } from '../../trainer/run/run.node.js';
import type { GanConfig } from '../../trainer/settings/config.js';
import { createStep } from '../../trainer/step/create.node.js';
import { drawnLabels } from '../../trainer/step/state/labels.js';
import type { TrainStep } from '../../trainer/step/state/step.js';
import { common, type QualityData } from './configurations.js';
import { picturesOf, type SplitPictures } from './pictures.js';

/** Samples that are drawn at once. */
const BATCH = 64;
/** More steps than any budget allows, and than any interval is reached in. */
const NEVER = 1_000_000_000;
/** Steps between checkpoints of a training that has a number of steps. */
const CHECKPOINT_EVERY = 1000;
/** First steps that no rate is measured of: the first ones open sessions. */
const WARM_UP = 3;
/** How often a long training says how far it is, in seconds. */
const TELL_EVERY = 120;

export interface Trained {
  samples: Picture[];
  /** Those of the generator's last weights where `samples` are of its averaged ones. */
  unaveraged: Picture[] | undefined;
  steps: number;
  /** Mean time of a step after the first three, in milliseconds. */
  stepTime: number;
}

export interface Budget {
  minutes: number;
  /** Steps after which it ends, if the time is not over before; default: none. */
  steps?: number | undefined;
  /** How many samples are drawn afterwards. */
  samples: number;
}

/**
 * Trains a configuration in `folder` for some minutes, which begin when pictures are read and networks made. With a number
 * of steps it goes on from the checkpoint that is there.
 */
export async function trained(
  settings: Partial<GanConfig>,
  { imageSize, channels }: QualityData,
  { train: data }: SplitPictures,
  folder: string,
  { minutes, steps = NEVER, samples: count }: Budget,
): Promise<Trained> {
  const hasSteps = steps !== NEVER;
  if (!hasSteps) await rm(folder, { recursive: true, force: true });
  const half = Array.from({ length: channels }, () => 0.5);
  const shape = { imageSize, channels, normalization: { mean: half, std: half } };
  const rhythm = { steps, sampleEvery: NEVER, checkpointEvery: hasSteps ? CHECKPOINT_EVERY : NEVER };
  const chosen = { ...common, ...shape, ...settings, ...rhythm, data };
  const started = await startRun({ ...chosen, resume: folder, orStart: true, latest: false });
  try {
    const { config, step } = started;
    const clock = new Clock(steps - started.done);
    const stop = AbortSignal.timeout(minutes * 60_000);
    const { done } = await train({ ...started, signal: stop, progress_callback: () => clock.tick() });
    const samples = await drawn(step, config, count);
    const unaveraged = config.ema > 0 && count > 0 ? await drawnUnaveraged(step, config, count) : undefined;
    return { samples, unaveraged, steps: done, stepTime: clock.stepTime };
  } finally {
    await started.release();
  }
}

/** Measures steps, and says now and then how far a training is. */
class Clock {
  #done = 0;
  #start = 0;
  #last = 0;
  #told = performance.now();
  readonly #steps: number;

  constructor(steps: number) {
    this.#steps = steps;
  }

  tick(): void {
    this.#last = performance.now();
    if (++this.#done === WARM_UP) this.#start = this.#last;
    if (this.#steps === NEVER || this.#last - this.#told < 1000 * TELL_EVERY) return;
    this.#told = this.#last;
    const left = ((this.#steps - this.#done) * this.stepTime) / 60_000;
    console.error(
      `  ${this.#done} of ${this.#steps} steps, ${this.stepTime.toFixed(1)} ms each; ${left.toFixed(0)} minutes left`,
    );
  }

  /** In milliseconds. */
  get stepTime(): number {
    return (this.#last - this.#start) / (this.#done - WARM_UP);
  }
}

/** Pictures of a generator, the same latents each time. */
async function drawn(step: TrainStep, config: GanConfig, count: number): Promise<Picture[]> {
  const random = Random.derived(0, 'samples');
  const { channels, imageSize, latentDim, normalization } = config;
  const samples: Picture[] = [];
  while (samples.length < count) {
    const latents = Float32Array.from({ length: BATCH * latentDim }, () => random.normal());
    const output = await step.sample(latents, drawnLabels(config, latents));
    samples.push(...picturesFromOutput(output, { channels, height: imageSize, width: imageSize }, normalization));
  }
  return samples.slice(0, count);
}

/** Pictures of the weights after the last step. Averaging does not touch the training: they are those of a run without it. */
async function drawnUnaveraged(step: TrainStep, averaged: GanConfig, count: number): Promise<Picture[]> {
  const config = { ...averaged, ema: 0 };
  const state = await step.state();
  delete state.generator.ema;
  const plain = await createStep({ config, state, backend: 'onnxruntime', device: 'cpu' });
  const samples = await drawn(plain, config, count);
  await plain.dispose();
  return samples;
}

/**
 * The network of PyTorch's DCGAN tutorial, trained by `torch_dcgan.py`. With a number of steps it goes on from its checkpoint.
 * @param python with torch and numpy
 */
export async function trainedByTorch(
  python: string,
  sizes: { width: number; batch: number },
  { imageSize, channels }: QualityData,
  { raw }: SplitPictures,
  folder: string,
  { minutes, steps: most = NEVER, samples }: Budget,
): Promise<Trained> {
  const script = fileURLToPath(new URL('../../../bench/quality/torch_dcgan.py', import.meta.url));
  await mkdir(folder, { recursive: true });
  const out = join(folder, 'samples.bin');
  const checkpoint = most === NEVER ? {} : { checkpoint: join(folder, 'checkpoint.pt') };
  const given = { data: raw, size: imageSize, channels, minutes, steps: most, samples, out, ...checkpoint, ...sizes };
  const options = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const running = promisify(execFile)(python, [script, ...options]);
  running.child.stderr?.pipe(process.stderr, { end: false });
  const { stdout } = await running;
  const { steps, stepTime } = JSON.parse(stdout) as { steps: number; stepTime: number };
  const found = picturesOf(await readFile(out), imageSize, channels);
  await rm(out);
  return { samples: found, unaveraged: undefined, steps, stepTime };
}
