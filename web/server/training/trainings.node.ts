/** @file Trainings that were started from the page: at most one of each run, each in a process of its own. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { ChosenSettings } from '../../../trainer/settings/resolve-settings.node.js';
import { Refusal } from '../http/refusal.node.js';
import { fileInside } from '../files/files.node.js';
import type { TrainingRequest } from './request.node.js';
import { TrainingProcess, type ProcessEnd } from './training-process.node.js';

/** What a training is doing. `paused` and `stopped` both have a checkpoint; `stopped` was not meant to go on. */
export type TrainingState = 'training' | 'stopping' | 'paused' | 'stopped' | 'done' | 'failed';

/** A training, for the page. */
export interface TrainingInfo {
  run: string;
  state: TrainingState;
  /** What the command said last: an error where it failed. */
  message?: string;
}

interface Training {
  run: string;
  folder: string;
  /** What it was started with from here; a resumed run goes on with those that config.json does not hold. */
  settings: ChosenSettings;
  state: TrainingState;
  /** What it is after it has stopped. */
  after: 'paused' | 'stopped';
  message?: string;
  process?: TrainingProcess;
}

/** Exit codes of gan-train: done, and done with skipped files. */
const DONE = [0, 3];
/** Exit codes of a command that saved and ended after a signal. */
const STOPPED = [129, 130, 143];
/** Trainings at the same time. */
const MAX_RUNNING = 4;

/** Starts, pauses, resumes and stops trainings. */
export class Trainings {
  readonly #trainings = new Map<string, Training>();
  readonly #ends = new Set<Promise<void>>();
  #closed = false;

  /**
   * @param command program and first arguments of gan-train
   * @param runs folder of the runs
   */
  constructor(
    readonly command: readonly string[],
    readonly runs: string,
  ) {}

  /** All that were started since the studio was. */
  list(): TrainingInfo[] {
    return [...this.#trainings.values()].map(({ run, state, message, process }) => {
      const said = process ? process.message : message;
      return { run, state, ...(said !== undefined && { message: said }) };
    });
  }

  /**
   * Starts a new run.
   * @param shown names of the runs that the page shows; one may lie elsewhere
   * @throws Refusal if there is one of that name
   */
  async start({ run, settings }: TrainingRequest, shown: Iterable<string>): Promise<TrainingInfo> {
    const folder = resolve(this.runs, run);
    const isThere = await stat(folder).then(
      () => true,
      () => false,
    );
    if (isThere || this.#isRunning(run) || [...shown].includes(run)) {
      throw new Refusal(409, `run: there is one of the name ${run}`);
    }
    return this.#begin({ run, folder, settings, state: 'training', after: 'paused' });
  }

  /**
   * Goes on with a run, as it was started or with other settings.
   * @param folder of the run; undefined where nothing is there yet
   */
  async resume(run: string, folder: string | undefined, settings: ChosenSettings): Promise<TrainingInfo> {
    if (this.#isRunning(run)) throw new Refusal(409, `${run} is training already`);
    const known = this.#trainings.get(run);
    if (folder === undefined && known === undefined) throw new Refusal(404, `there is no run ${run}`);
    return this.#begin({
      run,
      folder: resolve(folder ?? known?.folder ?? ''),
      settings: { ...known?.settings, ...settings },
      state: 'training',
      after: 'paused',
    });
  }

  /** Stops the process after the step under way, with a checkpoint; the run may go on later. */
  pause(run: string): TrainingInfo {
    return this.#end(run, 'paused');
  }

  /** The same for a run that is not meant to go on. */
  stop(run: string): TrainingInfo {
    const paused = this.#trainings.get(run);
    if (paused?.state !== 'paused') return this.#end(run, 'stopped');
    paused.state = 'stopped';
    return { run, state: 'stopped' };
  }

  /** Stops all trainings and waits until they have saved. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { run, state } of this.#trainings.values()) if (state === 'training') this.pause(run);
    await Promise.all(this.#ends);
  }

  /** How many are running. */
  get running(): number {
    return [...this.#trainings.values()].filter(({ process }) => process !== undefined).length;
  }

  #isRunning = (run: string) => this.#trainings.get(run)?.process !== undefined;

  async #begin(training: Training): Promise<TrainingInfo> {
    const { run, folder, settings } = training;
    const isThere = (await fileInside(folder, ['config.json'])) !== undefined;
    const scratch = await mkdtemp(join(tmpdir(), 'ganscope-training-'));
    const file = join(scratch, 'settings.json');
    await writeFile(file, JSON.stringify(settings));
    // From here to the end without a wait: two requests at once do not both begin.
    const refusal = this.#refusal(run);
    if (refusal !== undefined) {
      await rm(scratch, { recursive: true, force: true });
      throw refusal;
    }
    const place = isThere ? ['--resume', folder] : ['--out', folder];
    training.process = new TrainingProcess(this.command, [...place, '--config', file], dirname(resolve(this.runs)));
    this.#trainings.set(run, training);
    const end = training.process.ended.then(async (ended) => {
      conclude(training, ended);
      await rm(scratch, { recursive: true, force: true });
    });
    this.#ends.add(end);
    void end.finally(() => this.#ends.delete(end));
    return { run, state: training.state };
  }

  #refusal(run: string): Refusal | undefined {
    if (this.#closed) return new Refusal(503, 'gan-studio is stopping');
    if (this.#isRunning(run)) return new Refusal(409, `${run} is training already`);
    if (this.running >= MAX_RUNNING) return new Refusal(409, `${MAX_RUNNING} runs are training already`);
    return undefined;
  }

  #end(run: string, after: 'paused' | 'stopped'): TrainingInfo {
    const training = this.#trainings.get(run);
    if (training?.process === undefined) throw new Refusal(409, `${run} is not trained from here`);
    if (training.state === 'training') {
      training.state = 'stopping';
      training.process.stop();
    }
    training.after = after;
    return { run, state: 'stopping' };
  }
}

function conclude(training: Training, { code, error }: ProcessEnd): void {
  const asked = training.state === 'stopping';
  const said = training.process?.message;
  delete training.process;
  delete training.message;
  if (code !== null && DONE.includes(code)) {
    training.state = 'done';
    if (said !== undefined && code !== 0) training.message = said;
  } else if (code === null ? asked : STOPPED.includes(code)) {
    training.state = asked ? training.after : 'stopped';
  } else {
    training.state = 'failed';
    training.message = error ?? `gan-train ended ${code === null ? 'by a signal' : `with exit code ${code}`}`;
  }
}
