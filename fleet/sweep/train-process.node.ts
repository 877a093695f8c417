/** @file The process of one run of a sweep: trains it, from where it is, and tells its owner. */
import { setTimeout as sleep } from 'node:timers/promises';
import { resultOf, sourcesOf, type RunResult } from './result.node.js';
import { FolderInUse, lostLocks } from '../../inference/files/folder-lock.node.js';
import { SILENCE_MS } from '../../inference/files/lock-owner.node.js';
import { LockWatch } from '../../inference/files/lock-watch.node.js';
import { startRun, type StartedRun } from '../../trainer/run/run.node.js';
import { train } from '../../trainer/run/loop.node.js';
import type { SweepRun } from './plan.node.js';

/** What the owner sends, once. */
export interface TrainRequest extends SweepRun {
  /** Folder of the run: it is started there, or goes on. */
  folder: string;
}

/** What the process answers. */
export type TrainReply =
  | { step: number; steps: number }
  | { result: RunResult }
  | { problem: string }
  | { stopped: true };

/** Milliseconds between looks at a folder that is in use. */
const WAIT_MS = 500;

// This machine was taken for lost, and another one trains the run: nothing more may be written to it.
lostLocks.on('lost', (folder) => {
  process.stderr.write(`${folder} was taken over by another worker: this one had shown no sign of life for too long\n`);
  process.exit(1);
});

const stop = new AbortController();
// Ctrl-C reaches all processes of a terminal. The owner says when to stop; where it is gone, all stops.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
process.on('disconnect', () => stop.abort(new Error('the sweep has ended')));
process.on('message', (message: { run: TrainRequest } | 'stop') => {
  if (message === 'stop') stop.abort(new Error('stopped'));
  else void trained(message.run);
});

function tell(reply: TrainReply): Promise<void> {
  return new Promise((resolve) => (process.connected ? process.send?.(reply, () => resolve()) : resolve()));
}

/**
 * Starts a run, or goes on with it. Its earlier process may still be at its last step, or a worker that lost its lease at work:
 * where that one writes to the folder, this one waits, until nothing is heard of its machine for minutes.
 */
async function startedWhenFree({ name, folder, settings }: TrainRequest): Promise<StartedRun> {
  const watch = new LockWatch(folder);
  for (let isTold = false; ; isTold = true) {
    try {
      return await startRun({ ...settings, resume: folder, orStart: true, latest: false }, undefined, stop.signal);
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      if (!isTold) process.stderr.write(`run ${name} waits: ${error.message}\n`);
      await sleep(WAIT_MS, undefined, { signal: stop.signal });
      if (await watch.look())
        process.stderr.write(
          `run ${name} goes on: nothing was heard of that machine for ${SILENCE_MS / 60_000} minutes\n`,
        );
    }
  }
}

async function trained({ name, folder, settings }: TrainRequest): Promise<void> {
  const { signal } = stop;
  try {
    const started = await startedWhenFree({ name, folder, settings });
    const { release, evaluation, ...job } = started;
    const { done } = await train({
      ...job,
      evaluation,
      signal,
      progress_callback: ({ row, steps }) => void tell({ step: row.step, steps }),
    }).finally(release);
    if (done < job.steps) await tell({ stopped: true });
    else await tell({ result: { ...(await resultOf(name, folder, done)), ...(await sourcesOf(folder)) } });
  } catch (error) {
    const { name: kind, message, stack } = error as Error;
    if (signal.aborted) await tell({ stopped: true });
    else if (kind === 'InputError' || 'syscall' in (error as object)) await tell({ problem: message });
    else {
      process.stderr.write(`${stack}\n`);
      process.exitCode = 1;
    }
  }
  process.disconnect();
}
