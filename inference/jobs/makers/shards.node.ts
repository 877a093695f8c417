/** @file Runs a shards job: its tasks here or as the engine says, and what needs them all. */
import { localEngine, performJob } from '../../tasks/engine.js';
import type { TaskJob } from '../../tasks/job.js';
import { openSampling } from '../bulk/sampling.node.js';
import type { ShardsJob } from '../kinds/shards.js';
import type { JobContext } from '../shared/context.node.js';

/**
 * Writes the pictures in shards, each complete or not at all; `sampling.json` says of which job they are. Memory does not grow with
 * their number. When the signal aborts, the shard that was begun is given up and `resume` goes on from it. A ranking is made first
 * and kept in `ranking.npy`; until then the highest scores of each part are in `parts/`.
 * @returns the folder; nothing where other processes have not done their shares yet
 * @throws InputError if the folder holds another job than the one to go on with, or files of others
 * @throws the signal's reason when it is aborted
 */
export async function writeShards(job: ShardsJob, context: JobContext): Promise<string[]> {
  const { engine = localEngine, signal, progress, log } = context;
  let scoring = false;
  const opened = await openSampling(job, context, engine.shared, engine.completes);
  try {
    const written = await performJob(opened, engine, {
      signal,
      progress: (done, total, stage, note) => {
        if (stage.name === 'pictures') return progress?.(done, total, note);
        // A ranking that is there already is not worth a line.
        scoring ||= done < total;
        if (scoring) progress?.(done, total, note ? `scored, ${note}` : 'scored');
      },
      log,
    });
    return written ?? [];
  } catch (error) {
    if (signal?.aborted) log?.(await stoppedLine(engine.placed?.(opened) ?? opened, engine.shared));
    throw error;
  } finally {
    await opened.dispose();
  }
}

/** How far a job was when it was stopped. */
async function stoppedLine({ stages }: TaskJob, shared: boolean): Promise<string> {
  const goOn = shared ? 'the same command continues' : 'the same command with `resume` continues';
  const stage = stages.at(-1);
  const before = stages.length > 1 ? ((await stages[0]?.missing())?.length ?? 0) : 0;
  if (!stage || before > 0) return `Stopped before all pictures were scored; ${goOn}.`;
  let [done, total] = [0, 0];
  const missing = new Set(await stage.missing());
  for (let task = 0; task < (await stage.tasks()); task++) {
    total += stage.size(task);
    if (!missing.has(task)) done += stage.size(task);
  }
  return `Stopped after ${done} of ${total} pictures; ${goOn}.`;
}
