/** @file What torchrun tells each process that it starts. */
import { InputError } from '../../onnx/errors.js';
import type { Group } from '../../trainer/step/state/group.js';

/** A process's place among all. */
export type Place = Pick<Group, 'rank' | 'size' | 'localRank' | 'localSize' | 'job'>;

const MAX_RANKS = 65_536;

/**
 * The place that torchrun's variables name.
 * @throws InputError if the process was started by something else, or a variable is not what torchrun sets
 */
export function launchedPlace(env: Readonly<Record<string, string | undefined>>): Place {
  const missing = ['RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'].find((name) => env[name] === undefined);
  if (missing !== undefined) {
    throw new InputError({
      name: 'distributed',
      expected: 'torchrun as the launcher: torchrun --nproc-per-node=2 --no-python gan-train --distributed …',
      got: `no variable ${missing}`,
    });
  }
  const whole = (name: string, from: number, to: number, absent?: string): number => {
    const text = env[name] ?? absent ?? '';
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    throw new InputError({ name, expected: `a whole number of ${from}…${to}`, got: text });
  };
  const size = whole('WORLD_SIZE', 1, MAX_RANKS);
  const localSize = whole('LOCAL_WORLD_SIZE', 1, size, '1');
  whole('MASTER_PORT', 1, 65_535);
  const job = env['TORCHELASTIC_RUN_ID'];
  return {
    rank: whole('RANK', 0, size - 1),
    size,
    localRank: whole('LOCAL_RANK', 0, localSize - 1, '0'),
    localSize,
    // torchrun says "none" where no --rdzv-id was given.
    job: job === undefined || job === '' || job === 'none' ? undefined : job,
  };
}
