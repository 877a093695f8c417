/** @file Opens jobs that came as data, one entry per command; each checks what it is given as strictly as its command line. */
import type { Device } from '../../inference/runtime/session.js';
import type { TaskJob } from '../../inference/tasks/job.js';
import type { JobSpec, TaskCommand } from '../../inference/tasks/spec.node.js';

/** Where a worker runs jobs, and the folders that they may read and write. */
export interface WorkerPlace {
  device: Device;
  roots: readonly string[];
}

type Opener = (spec: JobSpec, place: WorkerPlace) => Promise<TaskJob>;

const openers: { [Command in TaskCommand]: () => Promise<Opener> } = {
  'gan-sample': async () => (await import('../../inference/jobs/open-sampling.node.js')).openSamplingTasks,
  'gan-eval': async () => (await import('../../trainer/evaluate/tasks/evaluation-job.node.js')).openEvaluationJob,
  'gan-sweep': async () => (await import('../sweep/job.node.js')).openSweepJob,
  'gan-gradcam': async () => (await import('../../explain/tasks/explain-job.node.js')).openExplainJob,
};

/**
 * Opens a job that came as data.
 * @throws InputError if it is of another version of the package, its files are not those that were meant or lie elsewhere, or
 *   its options are not what the command takes
 */
export async function openJob(spec: JobSpec, place: WorkerPlace): Promise<TaskJob> {
  const open = await openers[spec.command]();
  return open(spec, place);
}
