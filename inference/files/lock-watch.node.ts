/** @file The lock of a machine that may be lost: where nothing is heard of its owner for long, another process may take its place. */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { claim } from './folder-lock.node.js';
import { isOfThisMachine, LOCK_FILE, ownerOf, SILENCE_MS, thisProcess } from './lock-owner.node.js';

/** Watches the lock of a folder. Times of other machines are not trusted: what counts is that they do not change. */
export class LockWatch {
  #sign = '';
  #since = 0;

  constructor(
    private readonly folder: string,
    private readonly silence = SILENCE_MS,
  ) {}

  /** Looks at the lock, and removes it where its owner, on another machine, has been silent for too long. @returns whether it did */
  async look(): Promise<boolean> {
    const path = join(this.folder, LOCK_FILE);
    const [owner, sign] = [await ownerOf(path), await signOf(path)];
    if (owner === undefined || isOfThisMachine(owner) || sign !== this.#sign) {
      [this.#sign, this.#since] = [sign, performance.now()];
      return false;
    }
    if (performance.now() - this.#since < this.silence) return false;
    // One of those who watch may remove it, and only this very lock.
    const guard = `${path}.${owner.token}`;
    if (await claim(guard, thisProcess())) return false;
    try {
      if ((await signOf(path)) !== sign) return false;
      await rm(path, { force: true });
      return true;
    } finally {
      await rm(guard, { force: true });
    }
  }
}

/** What changes with each sign of life; the file is opened, so that network file systems ask their server. */
async function signOf(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { ino, mtimeMs } = await file.stat();
    return `${ino} ${mtimeMs} ${await file.readFile('utf8')}`;
  } catch {
    return '';
  }
}
