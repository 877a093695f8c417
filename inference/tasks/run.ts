/** @file The engines that need no server: this process runs all tasks, or its share of them. */
import { InputError } from '../../onnx/errors.js';
import type { TaskJob, TaskStage } from './job.js';
import { isOfShard, type Shard } from './shard.js';

export interface RunOptions {
  /** Only the tasks of this share; all if not given. */
  shard?: Shard | undefined;
  /** Runs nothing of the first stage, which must be complete, and all of the later ones. */
  merge?: boolean | undefined;
  /** Gives the running task up; what is done stays done. */
  signal?: AbortSignal | undefined;
  /** Called with how many pictures of this process's share of a stage are done. */
  progress?: ((done: number, total: number, stage: TaskStage) => void) | undefined;
}

/** What is left. */
export interface RunOutcome {
  /** Whether all results of all stages are there, and the job can be finished. */
  complete: boolean;
  /** Tasks of the stage that is not complete, and how many of them have no result. */
  count: number;
  missing: readonly number[];
}

/**
 * Runs the tasks without a result. A share is one of the first stage: what needs all of it (later stages) is run by those who see
 * it complete, together: each begins with its own share and goes on with what nobody has done.
 * @throws InputError with `merge`, naming tasks of the first stage without a result
 * @throws the signal's reason when it is aborted
 */
export async function runTasks(job: TaskJob, options: RunOptions = {}): Promise<RunOutcome> {
  const { shard, merge = false } = options;
  for (const [at, stage] of job.stages.entries()) {
    options.signal?.throwIfAborted();
    const count = await stage.tasks();
    if (at === 0 && merge) {
      expectComplete('merge', count, await stage.missing());
      continue;
    }
    await runStage(stage, count, at === 0 ? 'own' : 'all', options);
    const missing = at === 0 && shard && shard.count > 1 ? await stage.missing() : [];
    if (missing.length > 0) return { complete: false, count, missing };
  }
  return { complete: true, count: 0, missing: [] };
}

async function runStage(
  stage: TaskStage,
  count: number,
  share: 'own' | 'all',
  { shard = { index: 0, count: 1 }, signal, progress }: RunOptions,
): Promise<void> {
  const own = (task: number) => isOfShard(shard, task);
  const missing = await stage.missing();
  const todo = [...missing.filter(own), ...(share === 'all' ? missing.filter((task) => !own(task)) : [])];
  let total = 0;
  for (let task = 0; task < count; task++) if (share === 'all' || own(task)) total += stage.size(task);
  let done = todo.reduce((rest, task) => rest - stage.size(task), total);
  let told = -1;
  const tell = (now: number) => {
    if (now !== told) progress?.((told = now), total, stage);
  };
  if (todo.length === 0) tell(done);
  for (const task of todo) {
    signal?.throwIfAborted();
    const before = done;
    if (!(await stage.done(task))) {
      await stage.run(task, {
        ...(signal && { signal }),
        progress: (part) => tell(before + part),
      });
    }
    done += stage.size(task);
    tell(done);
  }
}

/** @param name the parameter that asks for all results @throws InputError naming the tasks without a result, if there are any */
export function expectComplete(name: string, count: number, missing: readonly number[]): void {
  if (missing.length === 0) return;
  throw new InputError({
    name,
    expected: `the results of all ${count} tasks`,
    got: `no result of ${missing.length === 1 ? 'task' : `${missing.length} tasks:`} ${rangesOf(missing)}`,
  });
}

/** Ranges that are named. */
const NAMED = 8;

/** Ascending numbers in a few words, such as `3, 7–9`. */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && number === last.to + 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  const named = ranges.slice(0, NAMED).map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
  return `${named.join(', ')}${ranges.length > NAMED ? ', …' : ''}`;
}
