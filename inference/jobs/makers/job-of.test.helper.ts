/** @file Jobs from the words of a command line, for tests. */
import type { ShardsJob } from '../kinds/shards.js';
import { sampleJob } from '../sample-job.node.js';
import { parsedRequest } from '../words.node.js';

export type Words = Readonly<Record<string, unknown>>;

export const jobOf = (words: Words) => sampleJob(parsedRequest(words));

/** Of format `npy` where the words name none. */
export const shardsOf = (words: Words) => jobOf({ format: 'npy', ...words }) as ShardsJob;
