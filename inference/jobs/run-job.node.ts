/** @file Runs a sampling job. */
import { InputError } from '../../onnx/errors.js';
import { removeLeftoversOf } from '../../onnx/files/disk/temporary.node.js';
import type { JobContext } from './shared/context.node.js';
import { kinds, type SampleJob } from './table.node.js';

/**
 * Runs a job, and removes what killed processes left of the files it wrote.
 * @returns the files or folders written; none where other processes have not done their shares yet
 * @throws InputError for files that cannot be used, jobs that are too large, and a preparation for no discriminator
 */
export async function runJob(job: SampleJob, context: JobContext): Promise<string[]> {
  if (context.engine?.shared && job.kind !== 'shards') {
    throw new InputError({
      name: 'engine',
      expected: 'this process alone, as only `format` has tasks for several',
      got: job.kind,
    });
  }
  if (context.preparation?.normalization && !judges(job)) {
    const expected = 'to be used with `sort`, `real` or `featureWeight`, which take a discriminator';
    throw new InputError({ name: 'mean', expected });
  }
  const make = (await kinds[job.kind].maker()) as (each: SampleJob, context: JobContext) => Promise<string[]>;
  const files = await make(job, context);
  const { saveLatents } = job as { saveLatents?: string };
  for (const file of saveLatents === undefined ? files : [...files, saveLatents]) await removeLeftoversOf(file);
  return files;
}

/** Whether a discriminator takes pictures. */
function judges(job: SampleJob): boolean {
  if (job.kind === 'projection') return job.featureWeight > 0;
  return job.kind === 'histogram' || ('ranking' in job && job.ranking !== undefined);
}
