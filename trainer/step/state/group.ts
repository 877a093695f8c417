/** @file Several processes that train together; `fleet/all-reduce` joins them through torch.distributed. */

/** A part of something: number `index` of `count` equal ones. */
export interface Share {
  index: number;
  count: number;
}

/**
 * The processes of a distributed run, called ranks. Each computes the gradients of its share of every batch. All ranks make
 * the same calls in the same order; a call returns when all have made it.
 */
export interface Group {
  /** Number of this process; rank 0 alone writes. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** Number of this process among those of its machine, and how many those are. */
  readonly localRank: number;
  readonly localSize: number;
  /** Launcher's name of the job, where it has one. */
  readonly job?: string | undefined;
  /** How they talk, for the log. */
  readonly description: string;
  /** The mean over all ranks, element by element: the same numbers for each. The buffer of `values` is given away. */
  mean(values: Float32Array<ArrayBuffer>): Promise<Float32Array<ArrayBuffer>>;
  /** The bytes of rank 0; those of others do not matter. */
  fromFirst(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

/** The share of every batch that this process computes. */
export function shareOf(group: Group | undefined): Share {
  return group ? { index: group.rank, count: group.size } : { index: 0, count: 1 };
}

/** The rows of a share, of each of `parts` equal parts of `data`; a copy, unless it is all of it. */
export function sharedRows(data: Float32Array, parts: number, { index, count }: Share): Float32Array {
  if (count === 1) return data;
  const part = data.length / parts;
  const rows = new Float32Array(data.length / count);
  for (let at = 0; at < parts; at++) {
    const start = at * part + (index * part) / count;
    rows.set(data.subarray(start, start + part / count), (at * part) / count);
  }
  return rows;
}
