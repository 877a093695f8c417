/** @file A shards job: any number of pictures streamed to disk as files or archives. */
import { InputError } from '../../../onnx/errors.js';
import type { LatentSource } from '../../latent/latents.js';
import { formatOption, overwriteOption } from '../options/animation.js';
import { extensionOf, namesFile, oneOf } from '../options/checks.js';
import { commonOptions, jobKind } from '../options/option.js';
import { rankedSource, rankingOf, rankingOptions, resumeOption, type Ranking } from '../options/ranking.js';
import { countOption, latentSource, MAX_COUNT, sourceOptions, type CommonJob } from '../options/source.js';

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
  /** Where the pictures are sorted. */
  ranking: Ranking | undefined;
  /** Pictures per shard; the last may have fewer. */
  shardSize: number;
  /** Go on where an earlier job in the same folder stopped. */
  resume: boolean;
  /** Also write into a folder with other files. */
  overwrite: boolean;
}

export const shards = jobKind({
  title: 'Many files',
  trigger: 'format',
  options: {
    ...commonOptions,
    ...sourceOptions,
    ...countOption,
    ...rankingOptions,
    ...formatOption,
    ...overwriteOption,
    ...resumeOption,
  },
  check(request): ShardsJob {
    const { out = 'samples', resume = false, overwrite = false, truncation, saveLatents } = request;
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
    const folder = { resume, overwrite, out };
    return { kind: 'shards', source, format, ranking, shardSize: SHARD_SIZE, truncation, saveLatents, ...folder };
  },
});
