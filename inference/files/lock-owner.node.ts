/** @file Who holds a folder's lock: a process, its machine and when it started, as a file in the folder. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, processSpace } from '../../onnx/files/disk/temporary.node.js';

/** The lock's name in the folder. */
export const LOCK_FILE = '.ganscope.lock';

/** Milliseconds between signs of life: other machines see them as times of the lock file. */
export const BEAT_MS = 10_000;
/** Milliseconds without a sign of life after which a machine counts as lost: many signs, as file systems show times late. */
export const SILENCE_MS = 18 * BEAT_MS;
/** Likewise where this machine started after the last sign: it is the owner's, unless two of one name do the same. */
const SILENCE_BEFORE_BOOT_MS = 3 * BEAT_MS;

/** Milliseconds after which a lock file that cannot be read counts as damaged. */
const DAMAGED_MS = 300;

/** Who holds a lock. */
export interface Owner {
  /** Tells this lock from others. */
  token: string;
  pid: number;
  host: string;
  /** Where the number means this process: containers, and machines after their next start, may have the host's name too. */
  space?: string | undefined;
  /** The system's name for the process's start: a number that is used again belongs to another process. */
  process: string | undefined;
  command: string;
  /** A launcher's name of the job that the process belongs to. */
  job?: string | undefined;
  since: string;
}

/** This process as the owner of a new lock. @param job a launcher's name of the job that it belongs to */
export function thisProcess(job?: string): Owner {
  return {
    token: randomBytes(4).toString('hex'),
    pid: process.pid,
    host: hostname(),
    space: processSpace,
    process: processStart(process.pid),
    command: basename(process.argv[1] ?? 'node', '.js'),
    job,
    since: new Date().toISOString(),
  };
}

/** Who holds a lock; nobody where there is no file. A file that stays unreadable belongs to a process that is gone. */
export async function ownerOf(path: string): Promise<Owner | undefined> {
  for (let waited = 0; ; waited += 50) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const owner = parsedOwner(text);
    if (owner) return owner;
    if (waited >= DAMAGED_MS) break;
    await sleep(50);
  }
  return { token: 'damaged', pid: 0, host: hostname(), process: undefined, command: 'unknown', since: 'unknown' };
}

export function parsedOwner(text: string): Owner | undefined {
  try {
    const {
      token,
      pid,
      host,
      space,
      process: start,
      command,
      job,
      since,
    } = JSON.parse(text) as Record<string, unknown>;
    if (typeof token !== 'string' || !/^[0-9a-f]{8}$/.test(token) || typeof host !== 'string') return undefined;
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 1) return undefined;
    const words = [command, since].map((each) =>
      String(each)
        .replaceAll(/[^\w.:+-]/g, '?')
        .slice(0, 40),
    );
    const [named = '', time = ''] = words;
    return {
      token,
      pid,
      host: host.replaceAll(/[^\w.-]/g, '?').slice(0, 80),
      command: named,
      since: time,
      space: typeof space === 'string' ? space : undefined,
      job: typeof job === 'string' ? job : undefined,
      process: typeof start === 'string' ? start : undefined,
    };
  } catch {
    return undefined;
  }
}

/** Whether this process can see the owner's. */
export const isOfThisMachine = ({ host, space = processSpace }: Owner) => host === hostname() && space === processSpace;

/**
 * Whether the owner was a process of this machine that has ended. One of an earlier start of the machine, or of a container,
 * has when nothing is heard of it.
 * @param path of the lock file, which shows its signs of life
 */
export async function isGone(owner: Owner, path: string): Promise<boolean> {
  const { pid, host, process: start } = owner;
  if (!isOfThisMachine(owner)) return host === hostname() && (await isSilent(path));
  if (pid < 1 || !isRunning(pid)) return true;
  const now = processStart(pid);
  return start !== undefined && now !== undefined && now !== start;
}

/** Whether a lock of this host's name has shown no sign of life for too long. */
async function isSilent(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return false;
  const silence = Date.now() - info.mtimeMs;
  return silence > (silence > 1000 * uptime() ? SILENCE_BEFORE_BOOT_MS : SILENCE_MS);
}

/** When a process started, counted since this boot of the system; undefined where the system does not tell. */
function processStart(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): field 22 of /proc/pid/stat; the second field, in parentheses, may hold spaces.
    return `${boot}/${text.slice(text.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return undefined;
  }
}
