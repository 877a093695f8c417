/** @file Runs a sampling job. */
import { InputError } from '../../onnx/errors.js';
import { removeLeftoversOf } from '../../onnx/files/disk/temporary.node.js';
import type { JobContext } from './shared/context.node.js';
import { kinds, type SampleJob } from './table.node.js';

/**
 * Runs a job, and removes what killed processes left of the files it wrote.
 * @returns the files or folders written; none where other processes have not done their shares yet
 * @throws InputError for files that cannot be used, and jobs that are too large
 */
export async function runJob(job: SampleJob, context: JobContext): Promise<string[]> {
  if (context.engine?.shared && job.kind !== 'shards') {
    throw new InputError({
      name: 'engine',
      expected: 'this process alone, as only `format` has tasks for several',
      got: job.kind,
    });
  }
  const make = (await kinds[job.kind].maker()) as (each: SampleJob, context: JobContext) => Promise<string[]>;
  const files = await make(job, context);
  const { saveLatents } = job as { saveLatents?: string };
  for (const file of saveLatents === undefined ? files : [...files, saveLatents]) await removeLeftoversOf(file);
  return files;
}
