/** @file A folder of pictures as a data set, with or without class folders. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { decodedPicture } from '../../inference/pictures.node.js';
import { InputError } from '../../onnx/errors.js';
import type { Dataset } from './dataset.js';

const EXTENSIONS = ['.avif', '.gif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'];
const MAX_DEPTH = 8;

/** Paths below the folder, parts separated by `/`. */
interface Listing {
  pictures: string[];
  skipped: string[];
}

/**
 * All pictures in a folder and the folders in it, down to eight deep, in the order of their paths' UTF-16 code units.
 * Files are told by their extension; names that start with a dot are ignored. A link counts if it leads to a
 * file within the folder; links to folders, and links that lead out or nowhere, are skipped.
 * @throws InputError if there is no such folder, it cannot be read, or there is no picture in it
 */
export async function folderDataset(folder: string): Promise<Dataset> {
  const root = await realRoot(folder);
  const listing: Listing = { pictures: [], skipped: [] };
  await list(root, '', 0, listing);
  const pictures = listing.pictures.sort();
  if (pictures.length === 0) {
    const links = listing.skipped.length > 0 ? `, and skipped ${listing.skipped.length}: ${listing.skipped[0]}` : '';
    throw new InputError(`${folder}: expected pictures (${EXTENSIONS.join(', ')}); got a folder without any${links}`);
  }
  return {
    name: `${pictures.length} pictures of ${folder}`,
    length: pictures.length,
    skipped: listing.skipped.sort(),
    picture(index) {
      const path = pictures[index];
      if (path === undefined) throw new RangeError(`picture(${index}): expected an index below ${pictures.length}`);
      return decodedPicture(join(root, path), path);
    },
  };
}

async function realRoot(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    throw new InputError(`${folder}: expected a folder of pictures; got ${(error as NodeJS.ErrnoException).code}`);
  }
  throw new InputError(`${folder}: expected a folder of pictures; got a file`);
}

/** Adds what is in folder `path` under `root` to `listing`. */
async function list(root: string, path: string, depth: number, listing: Listing): Promise<void> {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${join(root, path)}: expected a readable folder; got ${error.code}`);
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const child = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) {
      if (depth < MAX_DEPTH) await list(root, child, depth + 1, listing);
      else listing.skipped.push(`${child}: folders more than ${MAX_DEPTH} deep are not searched`);
    } else if (entry.isSymbolicLink()) {
      const reason = await linkProblem(root, join(root, child));
      if (reason !== undefined) listing.skipped.push(`${child}: ${reason}`);
      else if (hasPictureExtension(child)) listing.pictures.push(child);
    } else if (entry.isFile() && hasPictureExtension(child)) {
      listing.pictures.push(child);
    }
  }
}

function hasPictureExtension(path: string): boolean {
  return EXTENSIONS.includes(extname(path).toLowerCase());
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
