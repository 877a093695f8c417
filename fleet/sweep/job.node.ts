/** @file A sweep as a job of tasks: each run is one, and any engine may run it. */
import { fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAddress } from '../../inference/files/copies.node.js';
import { lockFolder, type FolderLock } from '../../inference/files/folder-lock.node.js';
import { exists } from '../../inference/files/missing.node.js';
import type { TaskContext, TaskJob, TaskStage } from '../../inference/tasks/job.js';
import { expectComplete } from '../../inference/tasks/run.js';
import { jobId, type JobSpec } from '../../inference/tasks/spec.node.js';
import { shareOfCores } from '../../inference/runtime/onnxruntime/cores.node.js';
import { InputError } from '../../onnx/errors.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';
import { sweepOfSpec, sweepSpec, type SweepPlace } from './order.node.js';
import type { SweepPlan, SweepRun } from './plan.node.js';
import { expectComparable, readResult, type RunResult } from './result.node.js';
import { sweepReport, type SweepReport } from './report.node.js';
import type { TrainReply, TrainRequest } from './train-process.node.js';

/** A run that ends without saying why, such as one that is killed, is tried so many times. */
const ATTEMPTS = 3;
const script = fileURLToPath(new URL('./train-process.node.js', import.meta.url));

/** Where a sweep is by default. @param path of its file */
export const sweepFolder = (path: string): string => join('sweeps', basename(path, extname(path)));

/**
 * The job of a sweep. Without others that work on it the folder is locked. Runs that failed before are tried again.
 * @param out folder of the sweep; runs with the same settings that are complete there are not trained again
 */
export async function sweepJob(plan: SweepPlan, out: string, shared = false): Promise<SweepJob> {
  if (isAddress(out)) throw new InputError({ name: 'out', expected: 'a folder on disk', got: out });
  const spec = await sweepSpec(plan, out, shared);
  const lock = shared ? undefined : await lockFolder(out);
  await makeFolder(join(out, 'results'));
  await makeFolder(join(out, 'runs'));
  const job = new SweepJob(spec, plan, out, lock);
  for (const { name } of plan.runs) {
    const path = job.resultPath(name);
    if ((await exists(path)) && (await readResult(path)).problem !== undefined) await rm(path);
  }
  return job;
}

/**
 * The job of a sweep that came as data.
 * @param place device of runs that name none, and the folders that they may read and write
 * @throws InputError if a setting is not what gan-train takes, or a path leads out of the roots
 */
export async function openSweepJob(spec: JobSpec, place: SweepPlace): Promise<SweepJob> {
  const { plan, out } = await sweepOfSpec(spec, place);
  return new SweepJob(spec, plan, out);
}

/** A sweep: results of runs are files in `results/`, their folders are in `runs/`. */
export class SweepJob implements TaskJob<SweepReport> {
  readonly id: string;
  readonly stages: readonly TaskStage[];

  constructor(
    readonly spec: JobSpec,
    readonly plan: SweepPlan,
    readonly out: string,
    readonly lock?: FolderLock,
  ) {
    this.id = jobId(spec);
    const { runs } = plan;
    const done = (task: number) => exists(this.resultPath((runs[task] as SweepRun).name));
    this.stages = [
      {
        name: 'runs',
        tasks: async () => runs.length,
        size: () => 1,
        missing: async () => {
          const missing: number[] = [];
          for (let task = 0; task < runs.length; task++) if (!(await done(task))) missing.push(task);
          return missing;
        },
        done,
        run: (task, context) => this.#train(runs[task] as SweepRun, context),
      },
    ];
  }

  resultPath(name: string): string {
    return join(this.out, 'results', `${name}.json`);
  }

  /** The table and the plot. @throws InputError if the numbers of two runs do not compare */
  async finish(): Promise<SweepReport> {
    const [stage] = this.stages as [TaskStage];
    expectComplete('sweep', this.plan.runs.length, await stage.missing());
    const results = await Promise.all(this.plan.runs.map(({ name }) => readResult(this.resultPath(name))));
    expectComparable(this.plan.runs, results, this.out);
    return sweepReport(this.plan, results, this.out);
  }

  async dispose(): Promise<void> {
    await this.lock?.release();
  }

  async #train(run: SweepRun, { signal, atOnce = 1 }: TaskContext): Promise<void> {
    let problem = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      signal?.throwIfAborted();
      const reply = await trainedElsewhere({ ...run, folder: join(this.out, 'runs', run.name) }, atOnce, signal);
      if ('result' in reply) return this.#save(reply.result);
      signal?.throwIfAborted();
      if ('problem' in reply) return this.#save({ name: run.name, problem: reply.problem });
      problem = reply.ended;
    }
    return this.#save({ name: run.name, problem: `${problem}, ${ATTEMPTS} times` });
  }

  #save(result: RunResult): Promise<void> {
    return writeFileAtomic(this.resultPath(result.name), `${JSON.stringify(result, null, 2)}\n`);
  }
}

/**
 * Trains a run in a process of its own, with a share of the cores.
 * @param atOnce how many of such processes share them
 * @returns its result, its problem, or how it ended without either
 */
function trainedElsewhere(
  run: TrainRequest,
  atOnce: number,
  signal: AbortSignal | undefined,
): Promise<{ result: RunResult } | { problem: string } | { ended: string }> {
  return new Promise((resolve, reject) => {
    const child = fork(script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: shareOfCores(atOnce) });
    let answer: { result: RunResult } | { problem: string } | undefined;
    const stop = () => child.connected && child.send('stop');
    signal?.addEventListener('abort', stop);
    child.on('error', reject);
    child.on('message', (reply: TrainReply) => {
      if ('result' in reply || 'problem' in reply) answer = reply;
    });
    child.on('exit', (code, killed) => {
      signal?.removeEventListener('abort', stop);
      resolve(answer ?? { ended: killed ? `it was killed (${killed})` : `its process ended with code ${code}` });
    });
    child.send({ run });
  });
}
