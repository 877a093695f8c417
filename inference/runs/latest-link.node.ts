/** @file Names that point at a folder, such as `runs/latest`: a link, or where links are not allowed a file that holds the path. */
import { mkdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { ifThere } from '../files/missing.node.js';
import { forgetTemporary, temporaryBeside } from '../../onnx/files/disk/temporary.node.js';

const MAX_PATH_BYTES = 4096;

/**
 * Makes `pointer` point at a folder, in one move; what it pointed at before is left as it is.
 * @param folder that exists; it may be named by a link, even by `pointer` itself
 */
export async function writeLatestLink(pointer: string, folder: string): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  const target = relative(await realpath(dirname(pointer)), await realpath(folder)) || '.';
  const temporary = temporaryBeside(pointer);
  try {
    await symlink(target, temporary, 'dir').catch(() => writeFile(temporary, target));
    await rename(temporary, pointer);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    forgetTemporary(temporary);
  }
}

/**
 * The absolute path of the folder that `pointer` points at; undefined if there is no such pointer or folder.
 * @throws InputError if the file system fails
 */
export async function readLatestLink(pointer: string): Promise<string | undefined> {
  const info = await ifThere(stat(pointer), pointer);
  if (info?.isDirectory()) return realpath(pointer);
  if (!info?.isFile() || info.size > MAX_PATH_BYTES) return undefined;
  const folder = resolve(dirname(pointer), await readFile(pointer, 'utf8'));
  return (await ifThere(stat(folder), folder))?.isDirectory() ? realpath(folder) : undefined;
}
