/** @file Tasks that make the pictures of a job, a shard each: the network runs on while the pictures before are encoded and written. */
import { basename } from 'node:path';
import { shownPath } from '../../files/copies.node.js';
import { numberedPath } from '../../files/owned-files.js';
import { TaskResults } from '../../tasks/results.node.js';
import type { TaskContext, TaskStage } from '../../tasks/job.js';
import { pictureFile, shardName, shardNumbering, sinks, type AddPictures } from '../files/sinks.node.js';
import type { ShardsJob } from '../kinds/shards.js';
import type { JobContext } from '../shared/context.node.js';
import { recordedClasses } from '../shared/classes.js';
import { latentDetails, type LatentRows } from '../shared/latent-rows.node.js';
import type { BulkFolder } from './shared-folder.node.js';

/** Pictures of a batch, and batches that are made while those before are encoded and written: all that is held in memory. */
const BATCH = 64;
const AHEAD = 3;

/**
 * @param count of the pictures
 * @param latents in the order of the pictures; asked for once they are needed
 */
export function picturesStage(
  { out, format, shardSize }: ShardsJob,
  count: number,
  latents: () => Promise<LatentRows>,
  folder: BulkFolder,
  { generator, record }: JobContext,
): TaskStage {
  const numbering = shardNumbering(format, count, shardSize);
  const tasks = Math.ceil(count / shardSize);
  const results = new TaskResults(out, tasks, (task) => shardName(numbering, task));
  const size = (task: number) => Math.min(shardSize, count - task * shardSize);
  const lastOf = (task: number) => task * shardSize + size(task) - 1;
  return {
    name: 'pictures',
    tasks: async () => tasks,
    size,
    missing: () => results.missing(),
    done: (task) => results.done(task),
    files: {
      of: (task) => ({
        path: results.nameOf(task),
        ...(numbering.in === 'folders' && { last: basename(numberedPath(numbering, lastOf(task))) }),
      }),
      read: 'nothing',
    },
    async run(task, context) {
      const rows = await latents();
      const first = task * shardSize;
      const place = { folder: out, numbering, shard: task, count: size(task), size: generator };
      const ours = await sinks[format](place, async (add) => {
        await addPictures(add, { first, count: size(task) }, rows, generator, context);
        await folder.expectOurs();
      });
      const classes = ours && record ? recordedClasses(generator, rows.rows(first, size(task))) : undefined;
      for (let index = first; ours && record && index < first + size(task); index++) {
        record({
          index,
          ...latentDetails(rows, index),
          ...classes?.(index - first),
          file: shownPath(pictureFile(out, numbering, index, task)),
        });
      }
    },
  };
}

/** Makes pictures and adds them. @throws the signal's reason when it is aborted */
async function addPictures(
  add: AddPictures,
  { first, count }: { first: number; count: number },
  latents: LatentRows,
  generator: JobContext['generator'],
  { signal, progress }: TaskContext,
): Promise<void> {
  const end = first + count;
  const made = (start: number) => generator.pictures(latents.rows(start, Math.min(BATCH, end - start)));
  let writing = Promise.resolve();
  const making: ReturnType<typeof made>[] = [];
  let asked = first;
  for (let start = first; start < end; start += BATCH) {
    for (; asked < end && making.length < AHEAD; asked += BATCH) {
      const batch = made(asked);
      // A failure is met where the batch is awaited, unless the task has ended before.
      batch.catch(() => {});
      making.push(batch);
    }
    // What is being written ends first, also where the next batch fails: what the task wrote is removed then.
    const pictures = await (making.shift() as ReturnType<typeof made>).finally(() => writing);
    signal?.throwIfAborted();
    writing = (async () => {
      await add(start, pictures);
      progress?.(start + pictures.length - first, count);
    })();
    // A failure surfaces at the next `await`; until then it must not end the process.
    writing.catch(() => {});
  }
  await writing;
}
