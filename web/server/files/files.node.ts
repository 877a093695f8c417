/** @file Files below a folder: only regular ones, never through links that lead out of it, opened without blocking. */
import { constants } from 'node:fs';
import { open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** A regular file below a folder. */
export interface InnerFile {
  /** Its path without links. */
  path: string;
  /** When it was last changed, in milliseconds since 1970. */
  time: number;
}

/** Whether a part of an address is the plain name of a file or folder. */
const isName = (part: string) => part !== '' && part !== '.' && part !== '..' && !/[/\\\0]/.test(part);

/** The real path of something below a folder; undefined if there is nothing, or a link leads out of the folder. */
export async function pathInside(folder: string, parts: readonly string[]): Promise<string | undefined> {
  if (!parts.every(isName)) return undefined;
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, ...parts))]);
    return path.startsWith(root.endsWith(sep) ? root : root + sep) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** A regular file below a folder; undefined if there is none, or a link leads out of the folder. */
export async function fileInside(folder: string, parts: readonly string[]): Promise<InnerFile | undefined> {
  const path = await pathInside(folder, parts);
  const info = path === undefined ? undefined : await stat(path).catch(() => undefined);
  return path !== undefined && info?.isFile() ? { path, time: info.mtimeMs } : undefined;
}

/**
 * Whether all that a folder below a folder holds are regular files and folders, none of them through a link that leads out.
 * @param levels of folders that are looked through
 */
export async function holdsFilesInside(folder: string, parts: readonly string[], levels: number): Promise<boolean> {
  const path = await pathInside(folder, parts);
  const names = path === undefined ? undefined : await readdir(path).catch(() => undefined);
  if (names === undefined) return (await fileInside(folder, parts)) !== undefined;
  if (levels === 0) return true;
  const held = await Promise.all(names.map((name) => holdsFilesInside(folder, [...parts, name], levels - 1)));
  return held.every(Boolean);
}

/** Opens a file of `fileInside` for reading. A named pipe that took its place meanwhile does not block. */
export async function openInside(folder: string, parts: readonly string[]): Promise<FileHandle | undefined> {
  const file = await fileInside(folder, parts);
  if (file === undefined) return undefined;
  // Windows has neither flag.
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
  const handle = await open(file.path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW).catch(() => undefined);
  if (handle === undefined || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

/** The text of a file of `fileInside`; undefined if there is none, or it is larger than allowed. */
export async function textInside(
  folder: string,
  parts: readonly string[],
  maxBytes: number,
): Promise<string | undefined> {
  const handle = await openInside(folder, parts);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) return undefined;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), { position: 0 });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Names of the regular files, or of the folders, in a folder below a folder; links are left out. */
export async function namesInside(
  folder: string,
  parts: readonly string[],
  kind: 'files' | 'folders' = 'files',
): Promise<string[]> {
  const path = await pathInside(folder, parts);
  const entries = path === undefined ? [] : await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => (kind === 'files' ? entry.isFile() : entry.isDirectory())).map(({ name }) => name);
}
