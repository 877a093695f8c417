/** @file Does a job: one entry per kind. */
import type { SampleJob } from '../sample-job.js';
import type { JobContext } from './context.node.js';
import { writtenArithmetic } from './arithmetic.node.js';
import { writtenCorners } from './corners.node.js';
import { writtenGrid } from './grid.node.js';
import { writtenInterpolation } from './interpolation.node.js';
import { writtenProjection } from './projection.node.js';
import { writtenShards } from './shards.node.js';
import { writtenTraversal } from './traversal.node.js';

type Performers = {
  [Kind in SampleJob['kind']]: (job: Extract<SampleJob, { kind: Kind }>, context: JobContext) => Promise<string[]>;
};

const performers: Performers = {
  arithmetic: writtenArithmetic,
  corners: writtenCorners,
  grid: writtenGrid,
  interpolation: writtenInterpolation,
  projection: writtenProjection,
  shards: writtenShards,
  traversal: writtenTraversal,
};

/**
 * Makes what a job asks for.
 * @returns the files or folders written
 * @throws InputError for files that cannot be used, and jobs that are too large
 */
export function performedJob(job: SampleJob, context: JobContext): Promise<string[]> {
  const perform = performers[job.kind] as (each: SampleJob, context: JobContext) => Promise<string[]>;
  return perform(job, context);
}
