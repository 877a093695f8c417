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

/** A hash of names and stamps of all files, and of what was chosen of them. */
export async function dataFingerprint(tree: FileTree, options: DataOptions): Promise<string> {
  const hash = hashOf(options);
  await addEach(hash, tree.paths, (path) => tree.stamp(path));
  return hash.digest('hex');
}

/** Between the hash of all files and that of lists, which earlier versions left out. */
const LISTS = '+';

/**
 * A hash of names and sizes of some files, of the content of a few of them, and of what was chosen; and where there are lists,
 * such as of classes, another of these: the same for a copy of the data, and for its archive.
 * @param paths the files that the data set is made of
 * @param lists those of them whose whole content counts
 * @throws InputError if the file system fails
 */
export async function dataIdentity(
  tree: FileTree,
  paths: readonly string[],
  lists: readonly string[],
  options: DataOptions,
): Promise<string> {
  const hash = hashOf(options);
  await addEach(hash, paths, (path) => tree.size(path));
  const every = Math.max(1, Math.ceil(paths.length / MAX_READ));
  for (let at = 0; at < paths.length; at += every) hash.update(await contentOf(tree, paths[at] as string));
  if (lists.length === 0) return hash.digest('hex');
  const ofLists = createHash('sha256');
  for (const path of lists) {
    const content = createHash('sha256').update(await contentOf(tree, path));
    ofLists.update(`${JSON.stringify(path)} ${content.digest('hex')}\n`);
  }
  return `${hash.digest('hex')}${LISTS}${ofLists.digest('hex')}`;
}

/** Whether data are those of a run, of which an earlier version stored no lists. */
export function isSameIdentity(saved: string, now: string | undefined): boolean {
  return saved === now || (!saved.includes(LISTS) && saved === now?.split(LISTS)[0]);
}

function contentOf(tree: FileTree, path: string): Promise<Uint8Array | string> {
  return tree.read(path, MAX_READ_BYTES).catch((error: unknown) => {
    if (systemError(error) !== undefined) throw error;
    return 'damaged or large';
  });
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
