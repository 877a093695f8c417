/** @file Parts of files that are read when they are needed. */
import { closeSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { InputError } from '../../errors.js';
import type { StoredPart } from '../../graph/stored.js';

/** Files from this size on leave their weights on disk. */
export const LARGE_FILE = 2 ** 25;
/** Weights from this size on stay on disk. */
export const LARGE_WEIGHT = 2 ** 16;

/** Maximum bytes per read; Node's limit is slightly below 2 GiB. */
const CHUNK = 2 ** 30;

/** What tells whether a file is still the same. */
export function fileState({ size, mtimeMs, ino }: Stats): string {
  return `${size} ${mtimeMs} ${ino}`;
}

/** The bytes, in memory of their own. @throws InputError as `expectUnchanged` */
export function readPart(part: StoredPart): Uint8Array<ArrayBuffer> {
  expectUnchanged(part);
  const bytes = new Uint8Array(part.length);
  const file = openSync(part.path, 'r');
  try {
    readSyncAt(file, bytes, part.offset, part.path);
  } finally {
    closeSync(file);
  }
  return bytes;
}

/** Fills `into` from a position of a file. @throws InputError if the file ends before */
export function readSyncAt(file: number, into: Uint8Array, position: number, path: string): void {
  for (let done = 0; done < into.length;) {
    const count = readSync(file, into, done, Math.min(CHUNK, into.length - done), position + done);
    if (count === 0) throw new InputError(`${path}: it became shorter while it was read`);
    done += count;
  }
}

/** @throws InputError if the file was changed or removed since the model was read */
export function expectUnchanged({ path, state }: Pick<StoredPart, 'path' | 'state'>): void {
  let now: string;
  try {
    now = fileState(statSync(path));
  } catch (error) {
    throw new InputError(
      `${path}: cannot be read any more (${(error as NodeJS.ErrnoException).code}); weights are read when needed`,
    );
  }
  if (now !== state) throw new InputError(`${path}: the file has changed since the model was loaded; load it again`);
}
