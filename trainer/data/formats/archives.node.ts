/** @file A folder of zip archives as one set of files: each archive stands for a folder of its name. */
import { join } from 'node:path';
import type { FileTree } from '../../../inference/files/tree.js';
import { InputError } from '../../../onnx/errors.js';
import { zipTree } from './zip.node.js';

const ARCHIVE = /\.(zip|npz)$/i;
const MAX_ARCHIVES = 10_000;

/** Whether there are archives among the files. */
export const hasArchives = (tree: FileTree): boolean => tree.paths.some((path) => ARCHIVE.test(path));

/**
 * The files in all archives of a folder. Those of `a.zip` are in `a/`.
 * @param matters which files are looked at
 * @throws InputError as `zipTree`, or if two archives have the same name but for the extension
 */
export async function archivesTree(folder: FileTree, matters: (path: string) => boolean): Promise<FileTree> {
  const archives = folder.paths.filter((path) => ARCHIVE.test(path));
  if (archives.length > MAX_ARCHIVES)
    throw new InputError({ name: folder.root, expected: `at most ${MAX_ARCHIVES} archives`, got: archives.length });
  const places = new Map<string, { tree: FileTree; path: string }>();
  const skipped = [...folder.skipped];
  for (const archive of archives) {
    const tree = await zipTree(join(folder.root, archive), matters);
    const own = archive.replace(ARCHIVE, '');
    skipped.push(...tree.skipped.map((line) => `${archive}: ${line}`));
    for (const path of tree.paths) {
      const shown = `${own}/${path}`;
      if (places.has(shown)) throw new InputError({ name: folder.root, expected: `one ${shown}`, got: 'two' });
      places.set(shown, { tree, path });
    }
  }
  const placeOf = (path: string) => {
    const place = places.get(path);
    if (!place) throw new InputError(`${folder.root}: ${path}: there is no such file`);
    return place;
  };
  return {
    root: folder.root,
    paths: [...places.keys()].sort(),
    skipped: skipped.sort(),
    hasParts: false,
    read: async (shown, maxBytes) => {
      const { tree, path } = placeOf(shown);
      return tree.read(path, maxBytes);
    },
    part: async (shown, start, end) => {
      const { tree, path } = placeOf(shown);
      return tree.part(path, start, end);
    },
    stamp: async (shown) => {
      const { tree, path } = placeOf(shown);
      return tree.stamp(path);
    },
    size: async (shown) => {
      const { tree, path } = placeOf(shown);
      return tree.size(path);
    },
  };
}
