/** @file One writer per folder: a lock file that names the process, its machine and when it started. */
import { EventEmitter } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { link, open, rm, rmdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { forgetTemporary, removeLeftovers, temporaryBeside } from '../../onnx/files/disk/temporary.node.js';
import { isAddress } from './copies.node.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';
import {
  BEAT_MS,
  isGone,
  isOfThisMachine,
  LOCK_FILE,
  ownerOf,
  parsedOwner,
  thisProcess,
  type Owner,
} from './lock-owner.node.js';

export { LOCK_FILE };

/** A folder that only this process writes to. */
export interface FolderLock {
  /** Lets others write; also happens when the process ends. */
  release(): Promise<void>;
}

/** Another process writes to a folder. */
export class FolderInUse extends InputError {}

const MAX_ATTEMPTS = 20;

/** Lock files of this process with their tokens. */
const held = new Map<string, string>();
process.on('exit', () => {
  for (const [path, token] of held) removeOwn(path, token);
});

let beat: NodeJS.Timeout | undefined;
/** Tells of folders whose lock somebody else has taken. */
export const lostLocks = new EventEmitter<{ lost: [folder: string] }>();

async function showLife(): Promise<void> {
  for (const [path, token] of held) {
    const owner = await ownerOf(path).catch(() => undefined);
    if (owner?.token === token) await utimes(path, new Date(), new Date()).catch(() => undefined);
    else if (owner && held.delete(path)) lostLocks.emit('lost', dirname(path));
  }
}

/**
 * Locks a folder against other processes and removes what killed ones left in it; makes the folder if it is missing. The lock
 * of a process of this machine that is not running any more is taken over.
 * @param name the parameter that names the folder, for errors
 * @param job a launcher's name of a job with one writer: the lock of the job's earlier writer is taken over, on any machine
 * @throws FolderInUse if another process writes to the folder, and InputError if nothing can be written there
 */
export async function lockFolder(folder: string, name = 'out', job?: string): Promise<FolderLock> {
  if (isAddress(folder)) throw new InputError({ name, expected: 'a folder on disk', got: folder });
  const path = join(folder, LOCK_FILE);
  const mine = thisProcess(job);
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
    const elsewhere = isOfThisMachine(owner) ? '' : `; if it is gone, delete ${path}`;
    const who = `${owner.command}, process ${owner.pid} on ${owner.host}, since ${owner.since}`;
    throw new FolderInUse({
      name,
      expected: 'a folder that no other process writes to',
      got: `${folder} (in use by ${who}${elsewhere})`,
    });
  }
  held.set(path, mine.token);
  beat ??= setInterval(() => void showLife(), BEAT_MS).unref();
  await removeLeftovers(folder);
  return {
    async release() {
      removeOwn(path, mine.token);
      held.delete(path);
      if (held.size === 0) beat = void clearInterval(beat);
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
export async function claim(path: string, mine: Owner): Promise<Owner | undefined> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (await createdWhole(path, JSON.stringify(mine))) return undefined;
    const owner = await ownerOf(path);
    if (owner === undefined) continue;
    const isEarlier = mine.job !== undefined && owner.job === mine.job;
    if (!isEarlier && !(await isGone(owner, path))) return owner;
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

/** Removes a lock file if it is still the one with this token. */
function removeOwn(path: string, token: string): void {
  try {
    if (parsedOwner(readFileSync(path, 'utf8'))?.token === token) rmSync(path, { force: true });
  } catch {
    // The folder is gone, and the lock with it.
  }
}
