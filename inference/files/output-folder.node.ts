/** @file A folder that a command fills: other people's files are neither removed nor mixed with its own. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { removeLeftovers } from '../../onnx/files/disk/temporary.node.js';
import { isOwned, type OwnedFiles } from './owned-files.js';

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

/** Files in a folder, and in sub-folders that numbered files may be in; hidden ones are left out. */
async function* pathsIn(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    if (!entry.isDirectory() || !SUBFOLDER.test(entry.name)) {
      yield entry.name;
      continue;
    }
    for (const file of (await readdir(join(folder, entry.name))).toSorted()) {
      if (!file.startsWith('.')) yield `${entry.name}/${file}`;
    }
  }
}
