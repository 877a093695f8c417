/** @file Streams a shards job to disk: the network runs on while the pictures before are encoded and written. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { readBoundedFile, writeFileAtomic } from '../../onnx/files.node.js';
import { loadedLatents } from '../latent/files.node.js';
import { LatentsFile } from '../latent/stream.node.js';
import { normalLatents, seedCount, seedsWithin } from '../latents.js';
import type { JobContext } from './context.node.js';
import type { ShardsJob } from './shards.js';
import { sinks, type Sink } from './sinks.node.js';

/** Pictures that are made while those before are encoded and written: what is held in memory. */
const BATCH = 64;
/** The journal's name in the job's folder. */
const JOURNAL = 'sampling.json';
const SHARD_NAME = /^\d{5,}(\.(npy|zip)(\.part)?)?$/;

/** What a folder says of the job that fills it. Two jobs that agree in all but `done` make the same files. */
interface Journal {
  model: string;
  latents: string;
  truncation: number | null;
  format: string;
  count: number;
  /** Pictures in complete shards. */
  done: number;
}

/** The latents of a job, some at a time. */
interface LatentRows {
  count: number;
  /** Tells these latents from others. */
  identity: string;
  rows(start: number, count: number): Float32Array;
  seed(index: number): number | undefined;
}

/**
 * Writes the pictures in shards, and after each what is done into `sampling.json`; shards of an earlier job are removed.
 * Memory does not grow with their number. When the signal aborts, the shard that was begun is given up and `--resume`
 * goes on from it.
 * @returns the folder
 * @throws InputError if the folder holds another job than the one to go on with
 */
export async function writtenShards(job: ShardsJob, context: JobContext): Promise<string[]> {
  const { generator, signal, progress, log } = context;
  const { shardSize } = job;
  const latents = await latentRows(job, generator.latentDim);
  const journal: Journal = {
    model: await fileDigest(context.model),
    latents: latents.identity,
    truncation: job.truncation ?? null,
    format: job.format,
    count: latents.count,
    done: 0,
  };
  const path = join(job.out, JOURNAL);
  const tellJournal = () => writeFileAtomic(path, `${JSON.stringify(journal, undefined, 2)}\n`);
  if (job.resume) journal.done = await doneBefore(path, journal, shardSize);
  const saved = await openedLatents(job, latents.count, generator.latentDim, journal.done);
  try {
    if (!job.resume) await removeEarlierShards(job.out);
    await tellJournal();
    while (journal.done < latents.count && !signal?.aborted) {
      const count = Math.min(shardSize, latents.count - journal.done);
      const place = { folder: job.out, shard: Math.floor(journal.done / shardSize), count, size: generator };
      const sink = await sinks[job.format](place);
      const complete = await filled(sink, journal.done, count, latents, saved, context).catch(
        async (error: unknown) => {
          await sink.abandon();
          throw error;
        },
      );
      if (!complete) break;
      journal.done += count;
      await tellJournal();
    }
  } finally {
    await saved?.close();
  }
  progress?.(journal.done, latents.count);
  if (journal.done < latents.count) {
    log?.(`Stopped after ${journal.done} of ${latents.count} pictures; the same command with --resume goes on.`);
  }
  return [job.out];
}

/** Makes and writes a shard's pictures. Returns whether it is complete; an aborted one is given up. */
async function filled(
  sink: Sink,
  first: number,
  count: number,
  latents: LatentRows,
  saved: LatentsFile | undefined,
  { generator, signal, progress, record }: JobContext,
): Promise<boolean> {
  const tell = (start: number, end: number) => {
    for (let index = start; record && index < end; index++) {
      const seed = latents.seed(index);
      record({ index, ...(seed !== undefined && { seed }), file: sink.file(index) });
    }
  };
  const made = async (start: number) => {
    const rows = latents.rows(start, Math.min(BATCH, first + count - start));
    return { rows, pictures: await generator.pictures(rows) };
  };
  let writing = Promise.resolve();
  let making = made(first);
  for (let start = first; start < first + count; start += BATCH) {
    const { rows, pictures } = await making;
    const end = start + pictures.length;
    if (signal?.aborted) {
      await writing;
      await sink.abandon();
      return false;
    }
    if (end < first + count) making = made(end);
    making.catch(() => {});
    await writing;
    writing = (async () => {
      await saved?.write(start, rows);
      await sink.add(start, pictures);
      if (sink.immediate) tell(start, end);
      progress?.(end, latents.count);
    })();
    // A failure surfaces at the next `await`; until then it must not end the process.
    writing.catch(() => {});
  }
  await writing;
  await sink.close();
  if (!sink.immediate) tell(first, first + count);
  return true;
}

async function fileDigest(path: string): Promise<string> {
  return `sha256:${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
}

async function latentRows({ source, truncation }: ShardsJob, latentDim: number): Promise<LatentRows> {
  if ('file' in source) {
    const all = await loadedLatents(source.file, latentDim);
    return {
      count: all.length / latentDim,
      identity: `sha256:${createHash('sha256').update(all).digest('hex')}`,
      rows: (start, count) => all.subarray(start * latentDim, (start + count) * latentDim),
      seed: () => undefined,
    };
  }
  const { seeds } = source;
  return {
    count: seedCount(seeds),
    identity: `seeds:${seeds.map(({ from, to }) => `${from}-${to}`).join()}`,
    rows: (start, count) => normalLatents(seedsWithin(seeds, start, count), latentDim, truncation),
    seed: (index) => seedsWithin(seeds, index, 1)[0],
  };
}

function openedLatents(
  job: ShardsJob,
  count: number,
  latentDim: number,
  done: number,
): Promise<LatentsFile> | undefined {
  if (job.saveLatents === undefined) return undefined;
  return LatentsFile.open(job.saveLatents, count, latentDim, done);
}

/** Removes the shards of an earlier job, which the folder's journal tells of, so that no pictures of two jobs are mixed. */
async function removeEarlierShards(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes(JOURNAL)) return;
  for (const name of names.filter((each) => SHARD_NAME.test(each))) await rm(join(folder, name), { recursive: true });
}

/** How much of the same job is done. @throws InputError if the folder's job is another one */
async function doneBefore(path: string, journal: Journal, shardSize: number): Promise<number> {
  const bytes = await readBoundedFile(path, 2 ** 20).catch((error: unknown) => {
    if (error instanceof InputError && error.message.includes('ENOENT')) return undefined;
    throw error;
  });
  if (bytes === undefined) return 0;
  let before: Partial<Journal> | undefined;
  try {
    before = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Journal>;
  } catch {
    throw new InputError(`${path}: expected JSON; got something else`);
  }
  for (const key of ['model', 'latents', 'truncation', 'format', 'count'] as const) {
    if (before?.[key] === journal[key]) continue;
    throw new InputError(
      `--resume: expected the job that ${path} tells of; ${key} was ${shown(before?.[key])}, now it is ${shown(journal[key])}`,
    );
  }
  const { done } = before ?? {};
  const whole = Number.isInteger(done) && (done === journal.count || (done as number) % shardSize === 0);
  if (!whole || (done as number) < 0 || (done as number) > journal.count) {
    throw new InputError(`${path}: expected "done" to be a number of whole shards; got ${shown(done)}`);
  }
  return done as number;
}

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
