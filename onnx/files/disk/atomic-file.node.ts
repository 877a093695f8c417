/** @file Safe file writes: to a temporary file in the same folder, synced to disk, then renamed; or at a position, all or with an error. */
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { forgetTemporary, temporaryBeside } from './temporary.node.js';
import { makeFolder } from './folder.node.js';

/** A file that is being written. End it with `commit` or `abandon`. */
export class AtomicFile {
  private constructor(
    readonly path: string,
    /** Path of the temporary file. */
    readonly temporary: string,
    readonly handle: FileHandle,
  ) {}

  /** Begins a file; makes its folder if it is missing. */
  static async create(path: string): Promise<AtomicFile> {
    await makeFolder(dirname(path));
    const temporary = temporaryBeside(path);
    try {
      return new AtomicFile(path, temporary, await open(temporary, 'wx+'));
    } catch (error) {
      forgetTemporary(temporary);
      throw namingFile(error, temporary, path);
    }
  }

  /** Puts the file in its place; an existing one is replaced. If that fails, nothing is left behind. */
  async commit(): Promise<void> {
    try {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.temporary, this.path);
      forgetTemporary(this.temporary);
    } catch (error) {
      await this.abandon();
      throw namingFile(error, this.temporary, this.path);
    }
  }

  /** Removes the temporary file. */
  async abandon(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    // What cannot be removed now is removed by the next command that owns the folder.
    await rm(this.temporary, { force: true }).catch(() => undefined);
    forgetTemporary(this.temporary);
  }
}

/** The file system's error with the name that the file would have had. */
export function namingFile(error: unknown, temporary: string, path: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return Object.assign(error, { path, message: error.message.replaceAll(temporary, path) });
}

/**
 * Writes a file atomically; `write` produces its contents.
 * @throws errors of `write`, after removing the temporary file
 */
export async function writeAtomically(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const file = await AtomicFile.create(path);
  try {
    await write(file.handle);
  } catch (error) {
    await file.abandon();
    throw namingFile(error, file.temporary, path);
  }
  await file.commit();
}

/** Writes a file and syncs it to disk: for files in a folder that is renamed as a whole. */
export async function writeSynced(path: string, data: string | Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } catch (error) {
    throw namingFile(error, path, path);
  } finally {
    await handle.close();
  }
}

/** Syncs the names in a folder to disk, where the system can: Windows cannot. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Writes all the bytes at a position. Node's own `write` may write only the first of them without an error, such as on a full disk. */
export async function writeAt(file: Pick<FileHandle, 'write'>, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
