/** @file Streams a shards job to disk: the network runs on while the pictures before are encoded and written. */
import { discriminatorBeside } from '../../networks/default-model.node.js';
import { LatentsFile } from '../../latent/files/stream.node.js';
import type { JobContext } from '../shared/context.node.js';
import { doneBefore, fileDigest, removeEarlierJob, writeJournal, type Journal } from '../files/journal.node.js';
import { latentDetails, latentRows, type LatentRows } from '../shared/latent-rows.node.js';
import { loadRanking, writeRanking } from '../files/ranking-file.node.js';
import { keptCount } from '../options/ranking.js';
import type { ShardsJob } from '../kinds/shards.js';
import { sinks, type Sink } from '../files/sinks.node.js';

/** Pictures that are made while those before are encoded and written: what is held in memory. */
const BATCH = 64;

/**
 * Writes the pictures in shards, and after each what is done into `sampling.json`; what an earlier job left is removed.
 * Memory does not grow with their number. When the signal aborts, the shard that was begun is given up and `--resume`
 * goes on from it. A ranking is made first and kept in `ranking.npy`.
 * @returns the folder
 * @throws InputError if the folder holds another job than the one to go on with
 */
export async function writeShards(job: ShardsJob, context: JobContext): Promise<string[]> {
  const { generator, signal, progress, log } = context;
  const { shardSize, ranking } = job;
  const source = await latentRows(job.source, generator.latentDim, job.truncation);
  const journal: Journal = {
    model: await fileDigest(context.model),
    latents: source.identity,
    truncation: job.truncation ?? null,
    discriminator: ranking ? await fileDigest(await discriminatorBeside(context.model, ranking.discriminator)) : null,
    format: job.format,
    count: ranking ? keptCount(ranking, source.count) : source.count,
    done: 0,
  };
  const before = job.resume ? await doneBefore(job.out, journal, shardSize) : undefined;
  journal.done = before ?? 0;
  const latents = await orderedRows(job, source, before !== undefined, context);
  if (latents === undefined) {
    log?.('Stopped before all pictures were scored; nothing is written.');
    return [];
  }
  await writeJournal(job.out, journal);
  const saved = await openedLatents(job, latents.count, generator.latentDim, journal.done);
  try {
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
      await writeJournal(job.out, journal);
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

/**
 * The latents in the order of the job's pictures, and a folder that is ready for these.
 * @param begun whether the folder holds the beginning of this job
 * @returns nothing if the signal aborts before all pictures are scored
 */
async function orderedRows(
  { ranking, out }: ShardsJob,
  source: LatentRows,
  begun: boolean,
  context: JobContext,
): Promise<LatentRows | undefined> {
  if (!ranking) {
    if (!begun) await removeEarlierJob(out);
    return source;
  }
  const { highestScores, rankedRows } = await import('../shared/ranking.node.js');
  if (begun) return rankedRows(source, await loadRanking(out, keptCount(ranking, source.count), source.count));
  const scores = await highestScores(source, ranking, context).catch((error: unknown) => {
    if (context.signal?.aborted && error === context.signal.reason) return undefined;
    throw error;
  });
  if (scores === undefined) return undefined;
  await removeEarlierJob(out);
  await writeRanking(out, scores);
  return rankedRows(source, scores);
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

function openedLatents(
  job: ShardsJob,
  count: number,
  latentDim: number,
  done: number,
): Promise<LatentsFile> | undefined {
  if (job.saveLatents === undefined) return undefined;
  return LatentsFile.open(job.saveLatents, count, latentDim, done);
}
