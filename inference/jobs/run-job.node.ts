/** @file Runs a sampling job. */
import type { JobContext } from './shared/context.node.js';
import { kinds, type SampleJob } from './table.node.js';

/**
 * Runs a job.
 * @returns the files or folders written
 * @throws InputError for files that cannot be used, and jobs that are too large
 */
export async function runJob(job: SampleJob, context: JobContext): Promise<string[]> {
  const make = (await kinds[job.kind].maker()) as (each: SampleJob, context: JobContext) => Promise<string[]>;
  return make(job, context);
}
