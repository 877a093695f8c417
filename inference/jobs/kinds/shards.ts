/** @file A shards job: any number of pictures streamed to disk as files or archives. */
import { InputError } from '../../../onnx/errors.js';
import { rankedSource, rankingOf, type Ranking } from '../ranking.js';
import {
  extensionOf,
  latentSource,
  MAX_COUNT,
  namesFile,
  oneOf,
  type CommonJob,
  type LatentSource,
  type SampleRequest,
} from '../request.js';

export const SHARD_FORMATS = ['png', 'webp', 'npy', 'zip'] as const;
export type ShardFormat = (typeof SHARD_FORMATS)[number];

/** Pictures per shard: a sub-folder of files, or one archive. */
const SHARD_SIZE = 1000;
const DEFAULT_COUNT = 64;

/** Pictures in shards, each a sub-folder (png, webp) or a file (npy, zip). */
export interface ShardsJob extends CommonJob {
  kind: 'shards';
  source: LatentSource;
  format: ShardFormat;
  /** Where only the most real pictures are kept, in that order. */
  ranking: Ranking | undefined;
  /** Pictures per shard; the last may have fewer. */
  shardSize: number;
  /** Go on where an earlier job in the same folder stopped. */
  resume: boolean;
}

/** @throws InputError for values out of range and options that exclude each other */
export function shardsJob(request: SampleRequest): ShardsJob {
  const { out = 'samples', resume = false, truncation, saveLatents } = request;
  const format = oneOf('format', request.format ?? 'png', SHARD_FORMATS);
  namesFile(out, []);
  if (saveLatents !== undefined && extensionOf(saveLatents) !== '.npy') {
    throw new InputError({
      name: 'saveLatents',
      expected: 'a .npy file for pictures in shards',
      got: JSON.stringify(saveLatents),
    });
  }
  const ranking = rankingOf(request);
  const source = ranking
    ? rankedSource(request, ranking, DEFAULT_COUNT)
    : latentSource(request, request.count ?? DEFAULT_COUNT, MAX_COUNT);
  return { kind: 'shards', source, format, ranking, shardSize: SHARD_SIZE, resume, truncation, saveLatents, out };
}
