/** @file How many cores this process may use: less than the machine has in containers and under `taskset`. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';

/** A limit that users may set. */
const VARIABLE = 'GANSCOPE_CORES';

/**
 * The cores that this process may use at once, at least one: by its affinity, by the quotas of its control groups on Linux, and by
 * `GANSCOPE_CORES`.
 * @throws InputError if the variable is not a whole number of at least 1
 */
export function usableCores(): number {
  known ??= Math.max(1, Math.floor(Math.min(availableParallelism(), cpuQuota(), givenCores())));
  return known;
}
let known: number | undefined;

/** The environment of a process that shares the cores of this one with others. @param shares how many they are together */
export function shareOfCores(shares: number): NodeJS.ProcessEnv {
  return { ...process.env, [VARIABLE]: String(Math.max(1, Math.floor(usableCores() / shares))) };
}

function givenCores(): number {
  const text = process.env[VARIABLE] ?? '';
  if (text === '') return Infinity;
  if (!/^[1-9]\d*$/.test(text))
    throw new InputError({ name: VARIABLE, expected: 'a whole number of at least 1', got: text });
  return Number(text);
}

/**
 * Threads of a session that is to use all cores, where this process may not use all of the machine; 0, ONNX Runtime's own choice,
 * where it may. Of its own accord ONNX Runtime starts one thread for each core of the machine and binds it there, whatever the
 * process is allowed: in a container they fail to be bound, with an error each, and wait for each other on fewer cores.
 */
export const threadsOfAllCores = (): number => (usableCores() < cpus().length ? usableCores() : 0);

/**
 * The processor time per second that control groups grant, in cores, not rounded; Infinity without a limit. Node itself regards it
 * only from version 24 on.
 * @param root where `proc` and `sys` are found
 */
export function cpuQuota(root = '/'): number {
  const quotas: number[] = [];
  for (const line of textOf(join(root, 'proc/self/cgroup')).split('\n')) {
    const [, controllers = '', path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const isSecond = controllers === '';
    if (!isSecond && !controllers.split(',').includes('cpu')) continue;
    const mounted = join(root, isSecond ? 'sys/fs/cgroup' : 'sys/fs/cgroup/cpu');
    // Limits of all groups above count too. Within a container, its own group is what is mounted.
    for (let group = join('/', path); ; group = dirname(group)) {
      quotas.push((isSecond ? quotaOfSecond : quotaOfFirst)(join(mounted, group)));
      if (group === '/') break;
    }
  }
  return Math.min(Infinity, ...quotas);
}

/** Control groups, version 2: `cpu.max` has the quota and its period. */
function quotaOfSecond(folder: string): number {
  const [quota, period] = textOf(join(folder, 'cpu.max')).trim().split(' ');
  return granted(quota, period);
}

/** Version 1; a quota of -1 is none. */
const quotaOfFirst = (folder: string): number =>
  granted(textOf(join(folder, 'cpu.cfs_quota_us')), textOf(join(folder, 'cpu.cfs_period_us')));

function granted(quota = '', period = ''): number {
  const share = Number.parseInt(quota, 10) / Number.parseInt(period, 10);
  return share > 0 ? share : Infinity;
}

/** '' for a file that is not there or cannot be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
