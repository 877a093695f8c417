/** @file The kinds of sampling job: one entry per kind, its options and its maker, which is loaded when it is needed. */
import { arithmetic } from './kinds/arithmetic.js';
import { corners } from './kinds/corners.js';
import { grid } from './kinds/grid.js';
import { histogram } from './kinds/histogram.js';
import { interpolation } from './kinds/interpolation.js';
import { projection } from './kinds/projection.js';
import { shards } from './kinds/shards.js';
import { traversal } from './kinds/traversal.js';
import type { JobKind, Options } from './options/option.js';
import type { JobContext } from './shared/context.node.js';

/** Makes what a job asks for. @returns the files or folders written */
type Maker<Job> = (job: Job, context: JobContext) => Promise<string[]>;

const entry = <O extends Options, Job>(kind: JobKind<O, Job>, maker: () => Promise<Maker<Job>>) => ({ ...kind, maker });

/** Of several triggers in a request the first counts. */
export const kinds = {
  projection: entry(projection, async () => (await import('./makers/projection.node.js')).writeProjection),
  histogram: entry(histogram, async () => (await import('./makers/histogram.node.js')).writeHistogram),
  arithmetic: entry(arithmetic, async () => (await import('./makers/arithmetic.node.js')).writeArithmetic),
  traversal: entry(traversal, async () => (await import('./makers/traversal.node.js')).writeTraversal),
  corners: entry(corners, async () => (await import('./makers/corners.node.js')).writeCorners),
  interpolation: entry(interpolation, async () => (await import('./makers/interpolation.node.js')).writeInterpolation),
  shards: entry(shards, async () => (await import('./makers/shards.node.js')).writeShards),
  grid: entry(grid, async () => (await import('./makers/grid.node.js')).writeGrid),
};

type Kinds = typeof kinds;
export type SampleJob = { [Kind in keyof Kinds]: ReturnType<Kinds[Kind]['check']> }[keyof Kinds];

/** All kinds, without the types of their own options. */
export const allKinds = Object.values(kinds) as unknown as readonly JobKind<Options, SampleJob>[];
