/** @file Options that say who runs the tasks of a bulk job, for all commands that have some. */
import { InputError } from 'ganscope/errors';
import type { TaskEngine } from 'ganscope/tasks';

const group = 'Several processes or machines:';

export const engineOptions = {
  shard: {
    type: 'string',
    requiresArg: true,
    group,
    describe:
      'Do this share of the work: I/N with I from 0 on, or /N with I from SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX ' +
      '[default: as the Slurm array says]',
  },
  queue: {
    type: 'string',
    group,
    describe:
      'Let the workers of this queue do the work: the URL of a Redis or Valkey server, such as redis://host:6379; without a ' +
      'value that of REDIS_URL',
  },
  merge: { type: 'boolean', default: false, group, describe: 'Complete a job whose shares are all done' },
} as const;

/** Where its lines go. */
export interface EngineMessages {
  note(text: string): void;
  warn(text: string): void;
}

export interface EngineWords {
  shard?: string | undefined;
  merge?: boolean | undefined;
  queue?: string | undefined;
}

/**
 * The engine that the options or a scheduler's environment ask for, and says what was taken from there.
 * @param bulk whether this call has tasks that can be shared; if not, the option that would make it so
 * @throws InputError for options that exclude each other or do not fit
 */
export async function chosenEngine(
  { shard, merge = false, queue }: EngineWords,
  bulk: true | string,
  { note, warn }: EngineMessages,
): Promise<TaskEngine> {
  const { chosenShard, localEngine, mergeEngine, shardEngine } = await import('ganscope/tasks');
  if (shard !== undefined && merge) throw new InputError({ name: 'merge', conflictsWith: 'shard' });
  for (const other of [shard !== undefined && 'shard', merge && 'merge'] as const)
    if (queue !== undefined && other) throw new InputError({ name: 'queue', conflictsWith: other });
  if (bulk !== true) {
    const asked = queue !== undefined ? 'queue' : merge ? 'merge' : shard === undefined ? undefined : 'shard';
    if (asked) throw new InputError({ name: asked, expected: `to be used with ${bulk}` });
  }
  if (merge) return mergeEngine;
  if (queue !== undefined) return queuedEngine(queue, { note, warn });
  const chosen = bulk === true || shard !== undefined ? chosenShard(shard, process.env) : undefined;
  if (bulk !== true && process.env['SLURM_ARRAY_TASK_ID'] !== undefined) {
    note(
      `SLURM_ARRAY_TASK_ID is set, but this work has no parts to share (only with ${bulk}): this process does all of it.`,
    );
  }
  if (bulk === true && !chosen && process.env['JOB_COMPLETION_INDEX'] !== undefined) {
    note(
      'JOB_COMPLETION_INDEX is set: with `shard` /N each process would do its share of N. This process does all of it.',
    );
  }
  if (!chosen) return localEngine;
  const { index, count } = chosen.shard;
  if (chosen.from)
    note(`Share ${index} of ${count}, counted from 0 (from ${chosen.from}; change it with \`shard\` I/N)`);
  return shardEngine(chosen.shard);
}

/**
 * The engine of a queue whose server was reached: before models are loaded.
 * @throws InputError where it cannot be used
 */
export async function queuedEngine(queue: string, messages: EngineMessages): Promise<TaskEngine> {
  const { expectServer, queueAddress, queueEngine } = await import('ganscope/fleet');
  const address = queueAddress(queue, process.env);
  await expectServer(address);
  return queueEngine(address, messages);
}
