/** @file The training loop: batches in, steps, metrics, sample grids, checkpoints and plots out; it can stop and go on. */
import { join } from 'node:path';
import { pictureGrid } from '../inference/grid.js';
import { normalLatents, seedsFrom } from '../inference/latents.js';
import { encodedPng } from '../inference/pictures.node.js';
import type { Picture } from '../inference/pictures.js';
import { picturesFromOutput } from '../inference/pixels.js';
import { InputError, writeFileAtomic } from '../onnx/index.js';
import { epochSteps, stepBatch } from './batch.js';
import { saveCheckpoint } from './checkpoint.node.js';
import type { GanConfig } from './config.js';
import type { Loader } from './data/loader.node.js';
import { CollapseWatch, nonFiniteTensor } from './guards.js';
import { appendMetrics, resumedMetrics } from './metrics.node.js';
import { lossPlotPng, realVsFakePng, scorePlotPng, type StepRow } from './report.node.js';
import type { TrainStep } from './step/step.js';

/** Number of fixed latents whose pictures show the progress; their seeds are 0…63, as in `gan-sample`. */
const FIXED_LATENTS = 64;

/** Which step of how many was done, and how fast. */
export interface TrainProgress {
  row: StepRow;
  /** Steps of the whole run, and of one epoch. */
  steps: number;
  stepsPerEpoch: number;
  picturesPerSecond: number;
  secondsLeft: number;
}

export interface TrainOptions {
  config: GanConfig;
  /** Folder of the run; made if missing. */
  run: string;
  step: TrainStep;
  loader: Loader;
  /** Updates already done, from the checkpoint that `step` was made of. */
  done: number;
  /** Updates after which the run is complete. */
  steps: number;
  sampleEvery: number;
  checkpointEvery: number;
  progress_callback?: (progress: TrainProgress) => void;
  /** Told once where the run seems to have collapsed, with what to try. */
  warning_callback?: (warning: string) => void;
  /** Stops after the step under way; everything is saved. */
  signal?: AbortSignal;
}

/** How training ended. */
export interface TrainResult {
  /** Updates done in all. */
  done: number;
  /** Files that show the run, relative to its folder. */
  files: string[];
}

/**
 * Trains until `steps` updates are done or the signal aborts, then saves. Latents and batches depend on seed and step
 * alone, so a resumed run computes what it would have computed without the stop.
 * @throws InputError if a loss or a weight is no longer finite; the last good checkpoint is kept
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { config, run, step, loader, steps, signal } = options;
  const rows = await resumedMetrics(run, options.done);
  const pace = new Pace(config.batchSize * config.dSteps);
  const stepsPerEpoch = epochSteps(config, loader);
  let done = options.done;
  let saved = done;
  const unwritten: StepRow[] = [];
  let real: Picture[] | undefined;
  const watch = new CollapseWatch(config);
  const warn = (warning: string | undefined) => warning && options.warning_callback?.(warning);
  const save = async () => {
    await appendMetrics(run, unwritten.splice(0));
    if (done === saved) return;
    const state = await step.state();
    const broken = nonFiniteTensor(state);
    if (broken !== undefined) throw diverged(done, `${broken} is no longer finite`);
    await saveCheckpoint(run, state, config);
    saved = done;
  };
  const diverged = (at: number, what: string) =>
    new InputError(
      `step ${at}: ${what}; ${saved > 0 ? `the checkpoint of step ${saved} is kept` : 'nothing was saved yet'}: try a lower --lr`,
    );
  if (done === 0) await writeSamples(options, 0);
  while (done < steps && !signal?.aborted) {
    const started = performance.now();
    const result = await step.run(await stepBatch(config, loader, done, steps));
    if (!Number.isFinite(result.lossD) || !Number.isFinite(result.lossG)) {
      await appendMetrics(run, unwritten);
      throw diverged(done + 1, `the losses are no longer finite (Loss_D ${result.lossD}, Loss_G ${result.lossG})`);
    }
    done += 1;
    const seconds = (performance.now() - started) / 1000;
    const row = { step: done, epoch: Math.floor((done - 1) / stepsPerEpoch), ...result, seconds };
    rows.push(row);
    unwritten.push(row);
    options.progress_callback?.({
      row,
      steps,
      stepsPerEpoch,
      ...pace.after(row, steps - done),
    });
    warn(watch.afterStep(row));
    if (done % options.sampleEvery === 0 || done === steps) {
      const samples = await writeSamples(options, done);
      real ??= await realPictures(options);
      warn(watch.afterSamples(done, samples, real));
    }
    if (done % options.checkpointEvery === 0) await save();
    else if (unwritten.length >= 50) await appendMetrics(run, unwritten.splice(0));
  }
  await save();
  return { done, files: await writeReport(options, rows, done) };
}

/** Speed over the recent past. */
class Pace {
  #seconds: number | undefined;

  constructor(readonly batchSize: number) {}

  after({ seconds }: StepRow, left: number) {
    this.#seconds = this.#seconds === undefined ? seconds : 0.95 * this.#seconds + 0.05 * seconds;
    return { picturesPerSecond: this.batchSize / this.#seconds, secondsLeft: this.#seconds * left };
  }
}

async function fixedSamples({ config, step }: TrainOptions): Promise<Picture[]> {
  const { channels, imageSize, normalization } = config;
  const output = await step.sample(normalLatents(seedsFrom(0, FIXED_LATENTS), config.latentDim));
  return picturesFromOutput(output, { channels, height: imageSize, width: imageSize }, normalization);
}

/** As many real pictures, the first of the run. */
async function realPictures({ config, loader }: TrainOptions): Promise<Picture[]> {
  const { channels, imageSize, normalization } = config;
  const real: Picture[] = [];
  for (let index = 0; real.length < FIXED_LATENTS; index++) {
    const batch = await loader.batch(index);
    real.push(...picturesFromOutput(batch, { channels, height: imageSize, width: imageSize }, normalization));
  }
  return real.slice(0, FIXED_LATENTS);
}

async function writeSamples(options: TrainOptions, done: number): Promise<Picture[]> {
  const samples = await fixedSamples(options);
  const grid = pictureGrid(samples, Math.sqrt(FIXED_LATENTS));
  await writeFileAtomic(join(options.run, 'samples', `step-${`${done}`.padStart(7, '0')}.png`), await encodedPng(grid));
  return samples;
}

/** Plots of the whole run, and real pictures beside generated ones. */
async function writeReport(options: TrainOptions, rows: readonly StepRow[], done: number): Promise<string[]> {
  const { run } = options;
  if (rows.length === 0) return [];
  const files: [string, Uint8Array][] = [
    ['losses.png', lossPlotPng(rows)],
    ['scores.png', scorePlotPng(rows)],
    ['real-vs-fake.png', realVsFakePng(await realPictures(options), await fixedSamples(options), done)],
  ];
  for (const [name, bytes] of files) await writeFileAtomic(join(run, name), bytes);
  return files.map(([name]) => name);
}
