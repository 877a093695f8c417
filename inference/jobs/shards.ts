/** @file A shards job: any number of pictures streamed to disk as files or archives. */
import { latentSource, namesFile, oneOf, type CommonJob, type LatentSource, type SampleRequest } from './request.js';

export const SHARD_FORMATS = ['png', 'webp', 'npy', 'zip'] as const;
export type ShardFormat = (typeof SHARD_FORMATS)[number];

/** Pictures per shard: a sub-folder of files, or one archive. */
const SHARD_SIZE = 1000;
const MAX_COUNT = 1e9;

/** Pictures in shards, each a sub-folder (png, webp) or a file (npy, zip). */
export interface ShardsJob extends CommonJob {
  kind: 'shards';
  source: LatentSource;
  format: ShardFormat;
  /** Pictures per shard; the last may have fewer. */
  shardSize: number;
  /** Go on where an earlier job in the same folder stopped. */
  resume: boolean;
}

/** @throws InputError for values out of range and options that exclude each other */
export function shardsJob(request: SampleRequest): ShardsJob {
  const { out = 'samples', resume = false, truncation, saveLatents, count = 64 } = request;
  const format = oneOf('format', request.format ?? 'png', SHARD_FORMATS);
  namesFile(out, []);
  const source = latentSource(request, count, MAX_COUNT);
  return { kind: 'shards', source, format, shardSize: SHARD_SIZE, resume, truncation, saveLatents, out };
}
