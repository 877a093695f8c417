/** @file The training loop: batches in, steps, metrics, sample grids, checkpoints and report out; it can stop and go on. */
import type { Picture } from '../../inference/pictures/pictures.js';
import { picturesFromOutput } from '../../inference/pictures/pixels.js';
import { InputError } from '../../onnx/index.js';
import { epochSteps, stepBatch } from '../data/batch.js';
import { saveCheckpoint } from '../checkpoint/checkpoint.node.js';
import type { GanConfig } from '../settings/config.js';
import type { Loader } from '../data/loader.node.js';
import { CollapseWatch, nonFiniteTensor } from './guards.js';
import { markBest } from '../checkpoint/kept-checkpoints.node.js';
import type { Evaluator } from '../quality/evaluator.node.js';
import type { QualityRow } from '../quality/quality.js';
import { follow } from './follow.node.js';
import { longRunAdvice } from './advice.js';
import { durationText } from '../report/duration.js';
import { noteFailure } from '../record/about.node.js';
import { RunRecord } from '../record/record.node.js';
import type { StepRow } from '../report/plots.node.js';
import { fixedInputs, SHOWN } from '../report/samples.js';
import { shareOf, type Group } from '../step/state/group.js';
import { Ada, type AdaState } from '../step/state/ada.js';
import { overfittingOf, SIGNAL_STEPS } from '../step/state/overfitting.js';
import { agreed } from '../step/state/rounds.js';
import { drawnLabels } from '../step/state/labels.js';
import type { StepBatch, TrainStep } from '../step/state/step.js';

/** Which step of how many was done, and how fast. */
export interface TrainProgress {
  row: StepRow;
  /** Steps of the whole run, and of one epoch. */
  steps: number;
  stepsPerEpoch: number;
  picturesPerSecond: number;
  secondsLeft: number;
  /** With `heldOut`: the overfitting signal r_v of the last four steps; NaN where it has no meaning. */
  overfitting?: number;
}

/** How the pictures are compared with real ones while training. */
export interface TrainEvaluation {
  evaluator: Evaluator;
  /** Steps between evaluations; there is one at the end too. */
  every: number;
  /** Told how far an evaluation has come, and its result. */
  progress_callback?: (done: number, total: number) => void;
  result_callback?: (row: QualityRow) => void;
}

export interface TrainOptions {
  config: GanConfig;
  /** Folder of the run; made if missing. */
  run: string;
  step: TrainStep;
  loader: Loader;
  /** What the report calls the data set. */
  data?: string;
  /** Updates already done, from the checkpoint that `step` was made of. */
  done: number;
  /** Of the augmentation's probability, from the same checkpoint. */
  ada?: AdaState | undefined;
  /** Updates after which the run is complete. */
  steps: number;
  /** Steps that are computed in one run, if the step can; they end where something is due. Default 1. */
  stepsPerRun?: number;
  sampleEvery: number;
  checkpointEvery: number;
  /** Checkpoints kept besides the best; 3 if not given. */
  keep?: number;
  evaluation?: TrainEvaluation | undefined;
  progress_callback?: (progress: TrainProgress) => void;
  /** Told once how long the run will take and how to make it shorter, where that is more than an hour. */
  estimate_callback?: (advice: string) => void;
  /** Told once where the run seems to have collapsed, with what to try. */
  warning_callback?: (warning: string) => void;
  /** Stops after the step under way; everything is saved. In a group the signal of one stops all. */
  signal?: AbortSignal;
  /** The processes that train together; every one of them calls this. */
  group?: Group | undefined;
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
 * alone, so a resumed run computes what it would have computed without the stop. Rows are written before the checkpoint
 * whose steps they tell of, and cut back to it when a run is opened: a process may be killed at any moment.
 * @throws InputError if a loss or a weight is no longer finite; the last good checkpoint is kept
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { run, group } = options;
  if (group && group.rank > 0) return follow(options, group);
  try {
    return await trained(options);
  } catch (error) {
    await noteFailure(run, error);
    throw error;
  }
}

async function trained(options: TrainOptions): Promise<TrainResult> {
  const { config, run, step, loader, steps, signal, evaluation, keep, group } = options;
  const record = await RunRecord.open(run, config, options.done);
  const ada = config.ada ? new Ada(config, options.ada) : undefined;
  // A process that was killed may have saved its best checkpoint without marking it.
  if (record.best) await markBest(run, record.best.step);
  const pace = new Pace(config.batchSize * config.dSteps);
  const stepsPerEpoch = epochSteps(config, loader);
  let done = options.done;
  let saved = done;
  let real: Picture[] | undefined;
  const watch = new CollapseWatch(config);
  const warn = (warning: string | undefined) => warning && options.warning_callback?.(warning);
  const save = async () => {
    await record.flush();
    if (done > saved) {
      if (group) await agreed(group, 'save', signal);
      const state = { ...(await step.state()), ...(ada && { ada: ada.state }) };
      const broken = nonFiniteTensor(state);
      if (broken !== undefined) throw diverged(done, `${broken} is no longer finite`);
      await saveCheckpoint(run, state, config, { ...(keep !== undefined && { keep }) });
      saved = done;
    }
    if (record.best) await markBest(run, record.best.step);
  };
  // The disk may fail the pictures only: what was computed is kept. Other ranks wait for gradients, not for a save.
  const keeping = async (error: unknown): Promise<never> => {
    if (!group) await save();
    throw error;
  };
  const isStopped = async () => (group ? (await agreed(group, 'step', signal)).stop : signal?.aborted === true);
  const diverged = (at: number, what: string) =>
    new InputError(
      `step ${at}: ${what}; ${saved > 0 ? `the checkpoint of step ${saved} is kept` : 'nothing was saved yet'}: try a lower \`lr\``,
    );
  if (!(await record.hasReal())) {
    real = await realPictures(options);
    await record.real(real);
  }
  if (done === 0) await record.samples(await fixedSamples(options), 0);
  for (;;) {
    if (evaluation && isDue(done, evaluation.every, steps) && !record.hasEvaluation(done) && !signal?.aborted) {
      const row = await evaluated(options, evaluation, done).catch(keeping);
      if (row) record.evaluation(row);
      if (row && record.best === row) await save();
    }
    if (done >= steps || (await isStopped())) break;
    const started = performance.now();
    const count = stepsAhead(options, done, ada);
    const batches: StepBatch[] = [];
    for (let at = done; at < done + count; at++) {
      batches.push(await stepBatch(config, loader, at, steps, shareOf(group), ada?.probability).catch(keeping));
    }
    const [first] = batches as [StepBatch];
    const results = step.runAll && count > 1 ? await step.runAll(batches) : [await step.run(first)];
    const seconds = (performance.now() - started) / 1000 / count;
    for (const result of results) {
      if (![result.lossD, result.lossG, result.logitHeldOut ?? 0].every(Number.isFinite)) {
        await record.flush();
        throw diverged(done + 1, `the losses are no longer finite (Loss_D ${result.lossD}, Loss_G ${result.lossG})`);
      }
      done += 1;
      const epoch = Math.floor((done - 1) / stepsPerEpoch);
      const row = { step: done, epoch, ...result, ...(ada && { augmentation: ada.probability }), seconds };
      ada?.after(result);
      await record.step(row);
      const judged = config.heldOut > 0 && { overfitting: overfittingOf(record.metrics.last(SIGNAL_STEPS)) };
      options.progress_callback?.({ row, steps, stepsPerEpoch, ...pace.after(row, steps - done), ...judged });
      warn(watch.afterStep(row));
      const advice = pace.isNewlyKnown() && longRunAdvice(config, pace.estimate(done, steps), durationText);
      if (advice) options.estimate_callback?.(advice);
      if (isDue(done, options.sampleEvery, steps)) {
        const samples = await fixedSamples(options);
        await record.samples(samples, done);
        real ??= await realPictures(options);
        warn(watch.afterSamples(done, samples, real));
      }
      if (done % options.checkpointEvery === 0) await save();
    }
  }
  await save();
  if (group) await agreed(group, 'end', signal);
  const summary = { config, data: options.data ?? 'pictures', device: step.description, done, steps, stepsPerEpoch };
  const files = await record.finish(summary, real ?? (await realPictures(options)), await fixedSamples(options));
  return { done, files };
}

/** How many steps are computed together: at most until a sample grid, a checkpoint, an evaluation or a new probability is due. */
function stepsAhead(
  { step, steps, stepsPerRun = 1, sampleEvery, checkpointEvery, evaluation }: TrainOptions,
  done: number,
  ada: Ada | undefined,
) {
  if (!step.runAll) return 1;
  const untilDue = [sampleEvery, checkpointEvery, ...(evaluation ? [evaluation.every] : [])].map(
    (every) => every - (done % every),
  );
  return Math.min(stepsPerRun, steps - done, ...untilDue, ada?.stepsLeft ?? Infinity);
}

const isDue = (done: number, every: number, steps: number) => done > 0 && (done % every === 0 || done === steps);

/** The evaluation after step `done`; undefined where it was interrupted. */
async function evaluated(
  { config, step, signal }: TrainOptions,
  { evaluator, progress_callback, result_callback }: TrainEvaluation,
  done: number,
): Promise<QualityRow | undefined> {
  try {
    const row = await evaluator.quality(done, (latents) => step.sample(latents, drawnLabels(config, latents)), {
      progress_callback,
      signal,
    });
    result_callback?.(row);
    return row;
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
}

/** Steps after which the speed of a run is known; the first of them include warming up. */
const KNOWN_AFTER = 6;

/** Speed over the recent past. */
class Pace {
  #seconds: number | undefined;
  #first: number[] = [];

  constructor(readonly batchSize: number) {}

  after({ seconds }: StepRow, left: number) {
    this.#seconds = this.#seconds === undefined ? seconds : 0.95 * this.#seconds + 0.05 * seconds;
    if (this.#first.length <= KNOWN_AFTER) this.#first.push(seconds);
    return { picturesPerSecond: this.batchSize / this.#seconds, secondsLeft: this.#seconds * left };
  }

  /** Whether the last step made the estimate possible. */
  isNewlyKnown(): boolean {
    return this.#first.length === KNOWN_AFTER;
  }

  /** How long the run takes: by the median of the first steps. */
  estimate(done: number, steps: number) {
    const secondsPerStep = this.#first.toSorted((a, b) => a - b)[KNOWN_AFTER / 2] as number;
    return { done, left: steps - done, secondsPerStep };
  }
}

async function fixedSamples({ config, step }: TrainOptions): Promise<Picture[]> {
  const { latents, labels } = fixedInputs(config);
  return shown(await step.sample(latents, labels), config);
}

/** As many real pictures, as the networks see them. */
async function realPictures({ config, loader }: TrainOptions): Promise<Picture[]> {
  const real: Picture[] = [];
  for (let index = 0; real.length < SHOWN; index++) real.push(...shown(await loader.batch(index), config));
  return real.slice(0, SHOWN);
}

function shown(batch: Float32Array, { channels, imageSize, normalization }: GanConfig): Picture[] {
  return picturesFromOutput(batch, { channels, height: imageSize, width: imageSize }, normalization);
}
