/** @file Making folders. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and the missing ones above it. Node's `recursive` option never returns where a file system answers that
 * the new folder itself does not exist, as `/proc` does.
 * @returns the topmost folder that was made, if any
 * @throws the file system's error with the path of the folder that cannot be made
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let folder = resolve(path); !(await isFolder(folder)); folder = dirname(folder)) missing.push(folder);
  for (const folder of missing.toReversed()) {
    await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
      // Another process may have made it in the meantime.
      if (error.code !== 'EEXIST' || !(await isFolder(folder))) throw error;
    });
  }
  return missing.at(-1);
}

/** @throws ENOTDIR if something else than a folder has that name */
async function isFolder(path: string): Promise<boolean> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (info && !info.isDirectory()) {
    throw Object.assign(new Error(`ENOTDIR: not a folder, mkdir '${path}'`), {
      code: 'ENOTDIR',
      syscall: 'mkdir',
      path,
    });
  }
  return info !== undefined;
}
