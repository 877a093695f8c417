/** @file Tasks that score the pictures of a job: each leaves the highest scores of its part, which merge to the ranking of all. */
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { removeLeftovers } from '../../../onnx/files/disk/temporary.node.js';
import { exists } from '../../files/missing.node.js';
import { numberedPath, type Numbering } from '../../files/owned-files.js';
import type { Discriminator } from '../../networks/discriminator.js';
import { publishFile } from '../../tasks/publish.node.js';
import { TaskResults } from '../../tasks/results.node.js';
import type { TaskStage } from '../../tasks/job.js';
import { loadRanking, RANKING_FILE, rankingBytes, readRanking, writeRanking } from '../files/ranking-file.node.js';
import type { JobContext } from '../shared/context.node.js';
import type { LatentRows } from '../shared/latent-rows.node.js';
import { SCORED_BATCH, scoreBatches } from '../shared/ranking.node.js';
import { TopScores, type RankedScores } from '../shared/top-k.js';
import type { BulkFolder } from './shared-folder.node.js';

/** The stage, and what its results merge to. */
export interface ScoresStage extends TaskStage {
  /** The highest scores of all: those on disk, or merged from the parts and put there. @throws InputError if a part is damaged */
  ranked(): Promise<RankedScores>;
  /** Removes the parts, which nobody needs once the ranking is there. */
  removeParts(): Promise<void>;
}

/** Pictures that a task scores: whole batches, so that each is scored among the same others whatever the tasks are. */
export function scoredPerTask(shardSize: number): number {
  return SCORED_BATCH * Math.ceil(shardSize / SCORED_BATCH);
}

/** The names of the parts. */
export function partNumbering(count: number, shardSize: number): Numbering {
  return { in: 'parts', extension: 'npy', count: Math.ceil(count / scoredPerTask(shardSize)) };
}

/**
 * @param kept highest scores that are wanted
 * @param discriminator opened once it is needed
 */
export function scoresStage(
  { out, shardSize }: { out: string; shardSize: number },
  source: LatentRows,
  kept: number,
  discriminator: () => Promise<Discriminator>,
  folder: BulkFolder,
  context: JobContext,
): ScoresStage {
  const perTask = scoredPerTask(shardSize);
  const numbering = partNumbering(source.count, shardSize);
  const results = new TaskResults(join(out, 'parts'), numbering.count, (task) =>
    numberedPath(numbering, task).slice('parts/'.length),
  );
  const size = (task: number) => Math.min(perTask, source.count - task * perTask);
  const isRanked = () => exists(join(out, RANKING_FILE));
  let ranking: RankedScores | undefined;

  const merged = async () => {
    const highest = new TopScores(kept, source.count);
    for (let task = 0; task < numbering.count; task++) {
      const path = results.path(task);
      const first = task * perTask;
      const within = { from: first, to: first + size(task) };
      const part = await readRanking(path, Math.min(kept, size(task)), within);
      // Of equal scores the earlier comes first, within a part and among parts.
      part.positions.forEach((position, i) => highest.addAt(position, part.logits[i] as number));
    }
    return highest.ranked();
  };

  return {
    name: 'scores',
    tasks: async () => numbering.count,
    size,
    missing: async () => ((await isRanked()) ? [] : results.missing()),
    done: async (task) => (await results.done(task)) || isRanked(),
    files: {
      of: (task) => ({ path: numberedPath(numbering, task) }),
      read: 'all',
      merged: RANKING_FILE,
      temporary: true,
    },
    async run(task, { signal, progress }) {
      const first = task * perTask;
      const highest = new TopScores(Math.min(kept, size(task)), size(task), first);
      const rows: LatentRows = { ...source, count: first + size(task) };
      const told = (done: number) => progress?.(done - first, size(task));
      const running = { ...context, progress: told, ...(signal && { signal }) };
      const add = (scores: readonly { logit: number }[]) => scores.forEach(({ logit }) => highest.add(logit));
      await scoreBatches(await discriminator(), rows, running, add, first);
      const ranked = highest.ranked();
      await publishFile(results.path(task), async ({ handle }) => {
        await handle.writeFile(rankingBytes(ranked));
        await folder.expectOurs();
      });
    },
    async ranked() {
      ranking ??= await loadRanking(out, kept, source.count);
      if (ranking) return ranking;
      try {
        ranking = await merged();
      } catch (error) {
        // Another process may have merged and removed the parts in the meantime.
        ranking = error instanceof InputError ? await loadRanking(out, kept, source.count) : undefined;
        if (!ranking) throw error;
        return ranking;
      }
      await writeRanking(out, ranking);
      return ranking;
    },
    async removeParts() {
      const missing = new Set(await results.missing());
      for (let task = 0; task < numbering.count; task++)
        if (!missing.has(task)) await rm(results.path(task), { force: true });
      await removeLeftovers(results.folder);
      await rmdir(results.folder).catch(() => undefined);
    },
  };
}
