/** @file Results of tasks on disk: written beside under a name of this process, synced, renamed. What is there already stays. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AtomicFile, namingFile, syncFolder } from '../../onnx/files/disk/atomic-file.node.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';
import { forgetTemporary, temporaryBeside } from '../../onnx/files/disk/temporary.node.js';
import { exists } from '../files/missing.node.js';

/**
 * Writes the file of a task.
 * @param write produces its content
 * @returns whether it is ours: false where another process has written it in the meantime
 * @throws errors of `write` and of the disk, after removing what was written
 */
export async function publishFile(path: string, write: (file: AtomicFile) => Promise<void>): Promise<boolean> {
  const file = await AtomicFile.create(path);
  try {
    await write(file);
  } catch (error) {
    await file.abandon();
    throw namingFile(error, file.temporary, path);
  }
  if (await exists(path)) {
    await file.abandon();
    return false;
  }
  await file.commit();
  await syncFolder(dirname(path));
  return true;
}

/**
 * Writes the folder of a task as one: it is there with all its files, or not at all.
 * @param fill writes synced files into the folder that it is given; names in error messages are those of the folder's final place
 * @returns whether it is ours: false where another process has written it in the meantime
 * @throws errors of `fill` and of the disk, after removing what was written
 */
export async function publishFolder(path: string, fill: (folder: string) => Promise<void>): Promise<boolean> {
  await makeFolder(dirname(path));
  const temporary = temporaryBeside(path);
  try {
    await mkdir(temporary);
    await fill(temporary);
    await syncFolder(temporary);
    const ours = await renamed(temporary, path);
    await syncFolder(dirname(path));
    return ours;
  } catch (error) {
    throw namingFolder(error, temporary, path);
  } finally {
    // Nothing is left of it where it was renamed. What cannot be removed now is removed by the next job in the folder.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    forgetTemporary(temporary);
  }
}

/** Puts a folder in its place. @returns false if there is one with files already */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    // Windows says EPERM where a folder is in the way.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || (code === 'EPERM' && (await exists(to)))) return false;
    throw error;
  }
}

/** The file system's error with the name that the folder would have had. */
function namingFolder(error: unknown, temporary: string, path: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const named = error as NodeJS.ErrnoException;
  const shown = (text: string) => text.replaceAll(temporary, path);
  return Object.assign(named, { message: shown(named.message), ...(named.path && { path: shown(named.path) }) });
}
