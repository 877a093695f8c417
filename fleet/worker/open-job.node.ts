/** @file Opens jobs that came as data, one entry per command; each checks what it is given as strictly as its command line. */
import { InputError } from '../../onnx/errors.js';
import type { Device } from '../../inference/runtime/session.js';
import type { TaskJob } from '../../inference/tasks/job.js';
import type { JobPlace } from '../../inference/tasks/shared/opening.node.js';
import { expectOwnVersion } from '../../inference/tasks/spec-files.node.js';
import type { JobSpec, TaskCommand } from '../../inference/tasks/spec.node.js';
import { namesAddresses, type Originals } from '../results/originals.node.js';

/** Where a worker runs jobs. */
export interface WorkerPlace {
  device: Device;
  /** Folders, and addresses of what is below them, that jobs may read and write. */
  roots: readonly string[];
  /** Fetches and sends what jobs name by addresses; without it these are refused. */
  originals?: Originals | undefined;
}

type Opener = (spec: JobSpec, place: JobPlace & { roots: readonly string[] }) => Promise<TaskJob>;

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
  const { device, roots, originals } = place;
  const opened = (each: JobSpec) => open(each, { device, roots, fetch: originals });
  if (!namesAddresses(spec)) return opened(spec);
  expectOwnVersion(spec);
  if (!originals) throw new InputError({ name: 'job', expected: 'paths', got: 'addresses' });
  return originals.job(spec, roots, opened);
}
