/** @file One writer per folder: a lock file that names the process, its machine and when it started. */
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, open, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../onnx/errors.js';
import { forgetTemporary, isRunning, removeLeftovers, temporaryBeside } from '../../onnx/files/disk/temporary.node.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';

/** The lock's name in the folder. */
export const LOCK_FILE = '.ganscope.lock';

/** Who holds a lock. */
interface Owner {
  /** Tells this lock from others. */
  token: string;
  pid: number;
  host: string;
  /** The system's name for the process's start: a number that is used again belongs to another process. */
  process: string | undefined;
  command: string;
  /** A launcher's name of the job that the process belongs to. */
  job?: string | undefined;
  since: string;
}

/** A folder that only this process writes to. */
export interface FolderLock {
  /** Lets others write; also happens when the process ends. */
  release(): Promise<void>;
}

/** Another process writes to a folder. */
export class FolderInUse extends InputError {}

/** Milliseconds after which a lock file that cannot be read counts as damaged. */
const DAMAGED_MS = 300;
const MAX_ATTEMPTS = 20;

/** Lock files of this process with their tokens. */
const held = new Map<string, string>();
process.on('exit', () => {
  for (const [path, token] of held) removeOwn(path, token);
});

/**
 * Locks a folder against other processes and removes what killed ones left in it; makes the folder if it is missing. The lock
 * of a process of this machine that is not running any more is taken over.
 * @param name the parameter that names the folder, for errors
 * @param job a launcher's name of a job with one writer: the lock of the job's earlier writer is taken over, on any machine
 * @throws FolderInUse if another process writes to the folder, and InputError if nothing can be written there
 */
export async function lockFolder(folder: string, name = 'out', job?: string): Promise<FolderLock> {
  const path = join(folder, LOCK_FILE);
  const mine: Owner = {
    token: randomBytes(4).toString('hex'),
    pid: process.pid,
    host: hostname(),
    process: processStart(process.pid),
    command: basename(process.argv[1] ?? 'node', '.js'),
    job,
    since: new Date().toISOString(),
  };
  let made: string | undefined;
  let owner: Owner | undefined;
  try {
    made = await makeFolder(folder);
    owner = await claim(path, mine);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError({
      name,
      expected: 'a folder that can be written to',
      got: `${folder} (${code ?? message})`,
    });
  }
  if (owner) {
    const elsewhere = owner.host === mine.host ? '' : `; if it is gone, delete ${path}`;
    const who = `${owner.command}, process ${owner.pid} on ${owner.host}, since ${owner.since}`;
    throw new FolderInUse({
      name,
      expected: 'a folder that no other process writes to',
      got: `${folder} (in use by ${who}${elsewhere})`,
    });
  }
  held.set(path, mine.token);
  await removeLeftovers(folder);
  return {
    async release() {
      removeOwn(path, mine.token);
      held.delete(path);
      if (made !== undefined) await removeEmpty(folder, made);
    },
  };
}

/** Removes a folder that this process made and nobody filled, and those around it up to `top`. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!removed || at === top) return;
  }
}

/** Makes `path` the lock of `mine`. @returns the owner if another process holds it */
async function claim(path: string, mine: Owner): Promise<Owner | undefined> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (await createdWhole(path, JSON.stringify(mine))) return undefined;
    const owner = await ownerOf(path);
    if (owner === undefined) continue;
    const isEarlier = mine.job !== undefined && owner.job === mine.job;
    if (!isGone(owner) && !isEarlier) return owner;
    // Only who holds the guard of this very lock may replace it, so that no two processes take it over.
    const guard = `${path}.${owner.token}`;
    const other = await claim(guard, mine);
    if (other) return other;
    try {
      if ((await ownerOf(path))?.token !== owner.token) continue;
      await writeFileAtomic(path, JSON.stringify(mine));
      return undefined;
    } finally {
      await rm(guard, { force: true });
    }
  }
  throw new Error('its lock changes all the time');
}

/** Makes a file with its whole content. @returns false if there is one already */
async function createdWhole(path: string, content: string): Promise<boolean> {
  const temporary = temporaryBeside(path);
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    try {
      await link(temporary, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return false;
      // File systems without links.
      const file = await open(path, 'wx');
      await file.writeFile(content).finally(() => file.close());
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
    forgetTemporary(temporary);
  }
}

/** Who holds a lock; nobody where there is no file. A file that stays unreadable belongs to a process that is gone. */
async function ownerOf(path: string): Promise<Owner | undefined> {
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

function parsedOwner(text: string): Owner | undefined {
  try {
    const { token, pid, host, process: start, command, job, since } = JSON.parse(text) as Record<string, unknown>;
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
      job: typeof job === 'string' ? job : undefined,
      process: typeof start === 'string' ? start : undefined,
    };
  } catch {
    return undefined;
  }
}

/** Whether the owner was a process of this machine that has ended. */
function isGone({ pid, host, process: start }: Owner): boolean {
  if (host !== hostname()) return false;
  if (pid < 1 || !isRunning(pid)) return true;
  const now = processStart(pid);
  return start !== undefined && now !== undefined && now !== start;
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

/** Removes a lock file if it is still the one with this token. */
function removeOwn(path: string, token: string): void {
  try {
    if (parsedOwner(readFileSync(path, 'utf8'))?.token === token) rmSync(path, { force: true });
  } catch {
    // The folder is gone, and the lock with it.
  }
}
