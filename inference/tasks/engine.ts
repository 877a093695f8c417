/** @file Who runs the tasks of a job: this process alone, one of several that share them, or a queue of workers. */
import type { FinishContext, TaskJob, TaskStage } from './job.js';
import { rangesOf, runTasks, type RunOutcome } from './run.js';
import type { Shard } from './shard.js';

/** What an engine is run with. */
export interface EngineContext {
  /** Stops the engine: `run` throws its reason. What is done stays done. */
  signal?: AbortSignal | undefined;
  /** Called with how many pictures of a stage are done. */
  progress?: StageProgress | undefined;
}

/** Told of progress: pictures, the stage they are of, and what else there is to say, such as how many workers there are. */
export type StageProgress = (done: number, total: number, stage: TaskStage, note?: string) => void;

/** Runs the tasks of jobs. */
export interface TaskEngine {
  /** Whether other processes work on the same job at the same time: none of them owns the folder then. */
  readonly shared: boolean;
  /** Whether the job must have begun: others did its tasks. Nothing is written where it has not. */
  readonly completes?: boolean;
  /** Runs what this engine is there for. @throws the signal's reason when it is aborted */
  run(job: TaskJob, context: EngineContext): Promise<RunOutcome>;
  /** The job with its results where this engine keeps them; in its folder if not given. */
  placed?<T>(job: TaskJob<T>): TaskJob<T>;
}

/** This process runs all tasks. */
export const localEngine: TaskEngine = { shared: false, run: (job, context) => runTasks(job, context) };

/** This process runs its share of the tasks; a scheduler starts the others. */
export function shardEngine(shard: Shard): TaskEngine {
  return { shared: true, run: (job, context) => runTasks(job, { ...context, shard }) };
}

/** This process completes a job of which all shares are done. */
export const mergeEngine: TaskEngine = {
  shared: true,
  completes: true,
  run: (job, context) => runTasks(job, { ...context, merge: true }),
};

/** What a job is performed with. */
export interface PerformContext {
  signal?: AbortSignal | undefined;
  /** Called with how many pictures are done, and of which stage where the job has several. */
  progress?: StageProgress | undefined;
  /** The same while the job is finished. */
  finishing?: FinishContext['progress'] | undefined;
  /** Called with lines for the user. */
  log?: ((line: string) => void) | undefined;
}

/**
 * Runs the tasks of a job, and what needs all results once these are there.
 * @returns what `finish` returns; nothing where other processes have not done their shares yet, which `log` is told
 * @throws the signal's reason when it is aborted
 */
export async function performJob<T>(
  opened: TaskJob<T>,
  engine: TaskEngine,
  { signal, progress, finishing, log }: PerformContext,
): Promise<T | undefined> {
  const job = engine.placed?.(opened) ?? opened;
  const { complete, count, missing } = await engine.run(job, { signal, progress });
  if (complete) return job.finish({ ...(signal && { signal }), ...(finishing && { progress: finishing }) });
  log?.(
    `This share is done. Other shares lack ${missing.length} of ${count} tasks: ${rangesOf(missing)}. ` +
      'Whoever finishes last completes the job; so does `merge`.',
  );
  return undefined;
}
