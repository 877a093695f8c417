/** @file Streams a shards job to disk: the network runs on while the pictures before are encoded and written. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { syncFolder } from '../../../onnx/files/disk/atomic-file.node.js';
import { LatentsFile } from '../../latent/files/stream.node.js';
import { JobFolder } from '../files/job-folder.node.js';
import { pictureIdentity } from '../files/identity.node.js';
import { JOURNAL } from '../files/journal.node.js';
import { loadRanking, RANKING_FILE, writeRanking } from '../files/ranking-file.node.js';
import { shardNumbering, sinks, type Sink } from '../files/sinks.node.js';
import type { ShardsJob } from '../kinds/shards.js';
import { keptCount } from '../options/ranking.js';
import type { JobContext } from '../shared/context.node.js';
import { latentDetails, latentRows, type LatentRows } from '../shared/latent-rows.node.js';
import { SCORES_FILE } from '../shared/scores-file.node.js';

/** Pictures of a batch, and batches that are made while those before are encoded and written: all that is held in memory. */
const BATCH = 64;
const AHEAD = 3;

/**
 * Writes the pictures in shards, and after each what is done into `sampling.json`; what an earlier job left is removed.
 * Memory does not grow with their number. When the signal aborts, the shard that was begun is given up and `resume`
 * goes on from it. A ranking is made first and kept in `ranking.npy`; its scores are kept as they come.
 * @returns the folder
 * @throws InputError if the folder holds another job than the one to go on with, or files of others
 * @throws the signal's reason when it is aborted
 */
export async function writeShards(job: ShardsJob, context: JobContext): Promise<string[]> {
  const { generator, signal, progress, log } = context;
  const { ranking, format } = job;
  const source = await latentRows(job.source, generator.latentDim, job.truncation);
  const count = ranking ? keptCount(ranking, source.count) : source.count;
  const numbered = shardNumbering(format, count, job.shardSize);
  const folder = await JobFolder.open(job.out, {
    job: job.kind,
    generator: context.model,
    assumed: generator.assumptions,
    identity: {
      ...(await pictureIdentity(job, source, context)),
      format,
      shardSize: job.shardSize,
    },
    files: { names: ranking ? [RANKING_FILE, SCORES_FILE] : [], numbered },
    count,
    resume: job.resume,
    overwrite: job.overwrite,
  });
  try {
    if (folder.done % job.shardSize !== 0 && folder.done !== count) {
      throw new InputError({
        name: join(job.out, JOURNAL),
        expected: `"done" to be all pictures or a multiple of ${job.shardSize}`,
        got: folder.done,
      });
    }
    await folder.begin();
    const latents = await orderedRows(job, source, folder, folder.journaled(context)).catch((error: unknown) => {
      if (signal?.aborted) log?.('Stopped before all pictures were scored; the same command with `resume` continues.');
      throw error;
    });
    await writeAll(job, latents, folder, context);
    progress?.(folder.done, count);
    if (folder.done < count) {
      log?.(`Stopped after ${folder.done} of ${count} pictures; the same command with \`resume\` continues.`);
      signal?.throwIfAborted();
    }
    return [job.out];
  } finally {
    await folder.release();
  }
}

/** Writes the shards that are missing. */
async function writeAll(job: ShardsJob, latents: LatentRows, folder: JobFolder, context: JobContext): Promise<void> {
  const { generator, signal } = context;
  const { shardSize, format, saveLatents } = job;
  const numbering = shardNumbering(format, latents.count, shardSize);
  const saved =
    saveLatents === undefined
      ? undefined
      : await LatentsFile.open(saveLatents, latents.count, generator.latentDim, folder.done);
  try {
    while (folder.done < latents.count && !signal?.aborted) {
      const { done } = folder;
      const count = Math.min(shardSize, latents.count - done);
      const shard = Math.floor(done / shardSize);
      const sink = await sinks[format]({ folder: job.out, numbering, shard, count, size: generator });
      const complete = await filled(sink, done, count, latents, saved, context).catch(async (error: unknown) => {
        await sink.abandon();
        throw error;
      });
      if (!complete) break;
      await saved?.sync();
      // After a power cut the journal claims nothing that is not on disk.
      await syncFolder(job.out);
      await folder.advance(done + count);
    }
  } catch (error) {
    await saved?.close();
    throw error;
  }
  await (folder.done < latents.count ? saved?.close() : saved?.complete());
}

/**
 * The latents in the order of the job's pictures.
 * @param folder the job's folder; of a resumed job, files of the ranking in it belong to this job
 * @throws the signal's reason when it is aborted
 */
async function orderedRows(
  { ranking, out }: ShardsJob,
  source: LatentRows,
  folder: JobFolder,
  context: JobContext,
): Promise<LatentRows> {
  if (!ranking) return source;
  const { highestScores, rankedRows } = await import('../shared/ranking.node.js');
  const count = keptCount(ranking, source.count);
  const scoresFile = join(out, SCORES_FILE);
  const { resumed } = folder;
  if (!resumed) await rm(scoresFile, { force: true });
  const before = resumed ? await loadRanking(out, count, source.count) : undefined;
  const ranked = before ?? (await highestScores(source, ranking, context, scoresFile));
  if (!before) {
    // A resumed job that finds the ranking does not load the discriminator, so the journal says first what was assumed of it.
    await folder.advance(folder.done);
    await writeRanking(out, ranked);
  }
  await rm(scoresFile, { force: true });
  return rankedRows(source, ranked);
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
      record({ index, ...latentDetails(latents, index), file: sink.file(index) });
    }
  };
  const made = async (start: number) => {
    const rows = latents.rows(start, Math.min(BATCH, first + count - start));
    return { rows, pictures: await generator.pictures(rows) };
  };
  let writing = Promise.resolve();
  const making: ReturnType<typeof made>[] = [];
  let asked = first;
  for (let start = first; start < first + count; start += BATCH) {
    for (; asked < first + count && making.length < AHEAD; asked += BATCH) {
      const batch = made(asked);
      // A failure is met where the batch is awaited, unless the job has ended before.
      batch.catch(() => {});
      making.push(batch);
    }
    // What is being written ends first, also where the next batch fails: others may write to the folder once the job has ended.
    const { rows, pictures } = await (making.shift() as ReturnType<typeof made>).finally(() => writing);
    const end = start + pictures.length;
    if (signal?.aborted) {
      await sink.abandon();
      return false;
    }
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
