/** @file Hashes that change with a data set: one for this machine, and one for any machine. */
import { createHash, type Hash } from 'node:crypto';
import type { FileTree } from '../../../inference/files/tree.js';
import type { DataOptions } from '../sets/dataset.js';
import { systemError } from '../sets/system-error.js';

const FILES_AT_ONCE = 256;
/** Files whose content is part of the identity; reading all would take as long as decoding them. */
const MAX_READ = 64;

/** Of a larger file only some parts count. */
const MAX_READ_BYTES = 2 ** 28;
/** Bytes of each of these: at its start, in its middle and at its end. */
const PART_BYTES = 2 ** 20;

/** A hash of names and stamps of all files, and of what was chosen of them. */
export async function dataFingerprint(tree: FileTree, options: DataOptions): Promise<string> {
  const hash = hashOf(options);
  await addEach(hash, tree.paths, (path) => tree.stamp(path));
  return hash.digest('hex');
}

/** Between the hash of all files, that of lists and that of parts of large files; earlier versions left out the last ones. */
const MORE = '+';

/**
 * A hash of names and sizes of some files, of the content of a few of them, and of what was chosen; another of lists, such as of
 * classes, where there are some; and one of parts of the large files: the same for a copy of the data, and for its archive.
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
  const large: string[] = [];
  for (let at = 0; at < paths.length; at += every) {
    const path = paths[at] as string;
    hash.update(await contentOf(tree, path));
    if ((await tree.size(path)) > MAX_READ_BYTES) large.push(path);
  }
  const ofLists = await hashOfEach(lists, (path) => contentOf(tree, path));
  const ofLarge = await hashOfEach(large, (path) => partsOf(tree, path));
  return [hash.digest('hex'), ...(ofLarge ? [ofLists ?? '', ofLarge] : ofLists ? [ofLists] : [])].join(MORE);
}

/** Whether data are those of a run, of which an earlier version stored only the first hashes. */
export function isSameIdentity(saved: string, now: string | undefined): boolean {
  return saved === now || now?.startsWith(`${saved}${MORE}`) === true;
}

/** A hash of what is read of some files; undefined where there are none. */
async function hashOfEach(
  paths: readonly string[],
  read: (path: string) => Promise<Uint8Array | string>,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const content = createHash('sha256').update(await read(path));
    hash.update(`${JSON.stringify(path)} ${content.digest('hex')}\n`);
  }
  return paths.length === 0 ? undefined : hash.digest('hex');
}

/** Bytes at the start, in the middle and at the end of a large file. */
async function partsOf(tree: FileTree, path: string): Promise<Uint8Array | string> {
  const last = (await tree.size(path)) - PART_BYTES;
  const starts = [0, Math.floor(last / 2), last];
  const parts = starts.map((start) => tree.part(path, start, start + PART_BYTES));
  return Promise.all(parts).then((bytes) => Buffer.concat(bytes), unread);
}

const contentOf = (tree: FileTree, path: string): Promise<Uint8Array | string> =>
  tree.read(path, MAX_READ_BYTES).catch(unread);

/** What stands for content that is not read. @throws errors of the file system */
function unread(error: unknown): string {
  if (systemError(error) !== undefined) throw error;
  return 'damaged or large';
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
