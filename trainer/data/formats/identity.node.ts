/** @file Hashes that change with a data set: one for this machine, and one for any machine. */
import { createHash, type Hash } from 'node:crypto';
import type { FileTree } from '../../../inference/files/tree.js';
import type { DataOptions } from '../sets/dataset.js';
import { systemError } from '../sets/system-error.js';

const FILES_AT_ONCE = 256;
/** Files whose content is part of the identity; reading all would take as long as decoding them. */
const MAX_READ = 64;

/** Of a larger file only the size counts. */
const MAX_READ_BYTES = 2 ** 28;

/** A hash of names, sizes and times of all files, and of what was chosen of them. */
export async function dataFingerprint(tree: FileTree, options: DataOptions): Promise<string> {
  const hash = hashOf(options);
  await addEach(hash, tree.paths, (path) => tree.stamp(path));
  return hash.digest('hex');
}

/**
 * A hash of names and sizes of some files, of the content of a few of them, and of what was chosen: the same for a copy
 * of the data, and for its archive.
 * @param paths the files that the data set is made of
 * @throws InputError if the file system fails
 */
export async function dataIdentity(tree: FileTree, paths: readonly string[], options: DataOptions): Promise<string> {
  const hash = hashOf(options);
  await addEach(hash, paths, (path) => tree.size(path));
  const every = Math.max(1, Math.ceil(paths.length / MAX_READ));
  for (let at = 0; at < paths.length; at += every) {
    const content = await tree.read(paths[at] as string, MAX_READ_BYTES).catch((error: unknown) => {
      if (systemError(error) !== undefined) throw error;
      return 'damaged or large';
    });
    hash.update(content);
  }
  return hash.digest('hex');
}

function hashOf({ split, classes, cropToBox }: DataOptions): Hash {
  return createHash('sha256').update(JSON.stringify([split ?? 'all', classes ?? [], cropToBox ?? false]));
}

/** Adds what `value` says of each file, in their order. */
async function addEach(
  hash: Hash,
  paths: readonly string[],
  value: (path: string) => Promise<string | number>,
): Promise<void> {
  for (let start = 0; start < paths.length; start += FILES_AT_ONCE) {
    const part = paths.slice(start, start + FILES_AT_ONCE);
    hash.update(JSON.stringify([part, await Promise.all(part.map((path) => value(path)))]));
  }
}
