/** @file The files of a folder. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { readBoundedFile } from '../../onnx/files/files.node.js';
import type { FileTree } from './tree.js';

const MAX_DEPTH = 8;

interface Listing {
  paths: string[];
  skipped: string[];
}

/**
 * All files in a folder and the folders in it, down to `maxDepth` deep. Names that start with a dot are ignored. A link
 * counts if it leads to a file within the folder; links to folders, and links that lead out or nowhere, are skipped.
 * @throws InputError if there is no such folder or it cannot be read
 */
export async function folderTree(folder: string, { maxDepth = MAX_DEPTH } = {}): Promise<FileTree> {
  const root = await realpath(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InputError({ name: folder, expected: 'a folder, or a file of pictures', got: error.code });
  });
  const listing: Listing = { paths: [], skipped: [] };
  await list(root, '', maxDepth, listing);
  return {
    root: folder,
    paths: listing.paths.sort(),
    skipped: listing.skipped.sort(),
    read: (path, maxBytes) => readBoundedFile(join(root, path), maxBytes),
    async stamp(path) {
      const { size, mtimeMs } = await stat(join(root, path));
      return `${size} ${mtimeMs}`;
    },
    size: async (path) => (await stat(join(root, path))).size,
  };
}

/** Adds what is in folder `path` under `root` to `listing`. */
async function list(root: string, path: string, depthLeft: number, listing: Listing): Promise<void> {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new InputError({ name: join(root, path), expected: 'a readable folder', got: error.code });
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const child = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) {
      if (depthLeft > 0) await list(root, child, depthLeft - 1, listing);
      else listing.skipped.push(`${child}: folders more than ${MAX_DEPTH} deep are not searched`);
    } else if (entry.isSymbolicLink()) {
      const reason = await linkProblem(root, join(root, child));
      if (reason !== undefined) listing.skipped.push(`${child}: ${reason}`);
      else listing.paths.push(child);
    } else if (entry.isFile()) {
      listing.paths.push(child);
    }
  }
}

/** Why a link is not followed, if it is not. */
async function linkProblem(root: string, link: string): Promise<string | undefined> {
  try {
    const target = await realpath(link);
    const within = target === root || target.startsWith(root.endsWith(sep) ? root : root + sep);
    if (!within) return 'a link that leads out of the folder';
    return (await stat(target)).isFile() ? undefined : 'a link to a folder is not followed';
  } catch {
    return 'a link that leads nowhere';
  }
}
