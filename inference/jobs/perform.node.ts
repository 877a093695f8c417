/** @file Does a job: one entry per kind, each loaded when it is needed. */
import type { SampleJob } from './sample-job.js';
import type { JobContext } from './context.node.js';

type Performer<Kind extends SampleJob['kind']> = (
  job: Extract<SampleJob, { kind: Kind }>,
  context: JobContext,
) => Promise<string[]>;

const performers: { [Kind in SampleJob['kind']]: () => Promise<Performer<Kind>> } = {
  arithmetic: async () => (await import('./kinds/arithmetic.node.js')).writeArithmetic,
  corners: async () => (await import('./kinds/corners.node.js')).writeCorners,
  grid: async () => (await import('./kinds/grid.node.js')).writeGrid,
  histogram: async () => (await import('./kinds/histogram.node.js')).writeHistogram,
  interpolation: async () => (await import('./kinds/interpolation.node.js')).writeInterpolation,
  projection: async () => (await import('./kinds/projection.node.js')).writeProjection,
  shards: async () => (await import('./kinds/shards.node.js')).writeShards,
  traversal: async () => (await import('./kinds/traversal.node.js')).writeTraversal,
};

/**
 * Makes what a job asks for.
 * @returns the files or folders written
 * @throws InputError for files that cannot be used, and jobs that are too large
 */
export async function runJob(job: SampleJob, context: JobContext): Promise<string[]> {
  const perform = (await performers[job.kind]()) as (each: SampleJob, context: JobContext) => Promise<string[]>;
  return perform(job, context);
}
