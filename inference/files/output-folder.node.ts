/** @file A folder that a command fills: other people's files are neither removed nor mixed with its own. */
import type { Dirent } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { removeLeftovers } from '../../onnx/files/disk/temporary.node.js';
import { pathBelow, shownPath } from './copies.node.js';
import { isOwned, isPlainName, type OwnedFiles } from './owned-files.js';

/** Sub-folders that numbered files may be in. */
const SUBFOLDER = /^(frames|parts|\d{5,})$/;
/** Names that an error lists. */
const LISTED = 3;

/**
 * @param owned what the journal in the folder lists; its own name among them
 * @param overwrite whether other files are allowed; undefined where nobody is asked
 * @throws InputError if the folder holds files that the journal does not list
 */
export async function expectOwnFiles(folder: string, owned: OwnedFiles, overwrite?: boolean): Promise<void> {
  if (overwrite) return;
  const others: string[] = [];
  for await (const path of pathsIn(folder)) {
    if (!isOwned(owned, path)) others.push(path);
    if (others.length > LISTED) break;
  }
  if (others.length === 0) return;
  const listed = others.slice(0, LISTED).map((name) => JSON.stringify(name));
  throw new InputError({
    name: 'out',
    expected: `a new or empty folder, or one with files of this command only${overwrite === false ? ' (`overwrite` allows others)' : ''}`,
    got: `${folder} with ${listed.join(', ')}${others.length > LISTED ? ', …' : ''}`,
  });
}

/**
 * Checks a further file that a job writes.
 * @param name the parameter that names it
 * @returns its name, where it lies in the job's folder
 * @throws InputError if it lies there in the place of another file of the job, or in a sub-folder
 */
export function furtherFile(folder: string, owned: OwnedFiles, path: string, name: string): string | undefined {
  const below = pathBelow(folder, path);
  if (below === undefined || (isPlainName(below) && !isOwned(owned, below))) return below;
  const expected = `a file outside of ${shownPath(folder)}, or in it with a plain name that no other file of the job has`;
  throw new InputError({ name, expected, got: shownPath(path) });
}

/** Removes the files that are listed, and sub-folders that they leave empty. */
export async function removeOwnFiles(folder: string, owned: OwnedFiles): Promise<void> {
  const subfolders = new Set<string>();
  for await (const path of pathsIn(folder)) {
    if (!isOwned(owned, path)) continue;
    await rm(join(folder, path), { force: true });
    const [subfolder, file] = path.split('/');
    if (subfolder !== undefined && file !== undefined) subfolders.add(subfolder);
  }
  for (const subfolder of subfolders) {
    await removeLeftovers(join(folder, subfolder));
    await rmdir(join(folder, subfolder)).catch(() => undefined);
  }
}

/** Files in a folder, and in sub-folders that numbered files may be in; hidden ones are left out. Other folders end with a slash. */
async function* pathsIn(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of sorted(entries)) {
    if (entry.name.startsWith('.')) continue;
    if (!entry.isDirectory()) yield entry.name;
    else if (SUBFOLDER.test(entry.name)) {
      for (const file of await readdir(join(folder, entry.name), { withFileTypes: true }).then(sorted))
        if (!file.name.startsWith('.')) yield `${entry.name}/${file.name}${file.isDirectory() ? '/' : ''}`;
    } else yield `${entry.name}/`;
  }
}

const sorted = (entries: readonly Dirent[]) => entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
