/** @file The files of a folder. */
import { isUtf8 } from 'node:buffer';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { readBoundedFile, readFilePart } from '../../onnx/files/files.node.js';
import type { FileTree } from './tree.js';

/** Levels of folders below the given one that are searched, if nothing else is said. */
export const MAX_DEPTH = 8;

/** How a folder is searched. */
export interface FolderOptions {
  /** Levels of folders below the given one; 8 if not given. */
  maxDepth?: number | undefined;
  /** Whether links that lead out of the folder are followed too. */
  followLinks?: boolean | undefined;
}

/** A folder's files. */
export interface FolderTree extends FileTree {
  /** The bytes of names that are not UTF-8; in `paths` their odd bytes are written as `\xFF`. */
  readonly oddNames: ReadonlyMap<string, Uint8Array>;
}

/** What is found while a folder is searched. */
interface Search {
  /** The real paths of the folders that links may lead into: the folder's own, and that of the files of its download cache. */
  within: readonly string[];
  followLinks: boolean;
  maxDepth: number;
  /** The real paths of folders that links led into. */
  linked: Set<string>;
  paths: string[];
  skipped: string[];
  oddNames: Map<string, Buffer>;
}

/** A folder below the root: as it is shown, as the system names it, and the real paths of the folders around it. */
interface Place {
  shown: string;
  name: Buffer;
  depth: number;
  around: readonly string[];
}

/**
 * All files in a folder and the folders in it. Names that start with a dot are ignored. Links are followed where they stay
 * within the folder or lead to the files of its download cache, or all with `followLinks`; others, and those that lead nowhere, back to
 * a folder around them, or to where an earlier link led, are skipped.
 * @throws InputError if there is no such folder or it cannot be read
 */
export async function folderTree(folder: string, options: FolderOptions = {}): Promise<FolderTree> {
  const root = await realpath(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InputError({ name: folder, expected: 'a folder, or a file of pictures', got: error.code });
  });
  const { followLinks = false, maxDepth = MAX_DEPTH } = options;
  const search: Search = {
    within: [root, ...cachedFiles(root)],
    followLinks,
    maxDepth,
    linked: new Set(),
    paths: [],
    skipped: [],
    oddNames: new Map(),
  };
  await list(search, { shown: '', name: Buffer.from(root), depth: 0, around: [root] });
  const { paths, skipped, oddNames } = search;
  const fileOf = (path: string) => oddNames.get(path) ?? join(root, path);
  return {
    root: folder,
    paths: paths.sort(),
    skipped: skipped.sort(),
    oddNames,
    read: (path, maxBytes) => readBoundedFile(fileOf(path), maxBytes),
    part: (path, start, end) => readFilePart(fileOf(path), start, end),
    hasParts: true,
    async stamp(path) {
      const { ino, size, mtimeMs, ctimeMs } = await stat(fileOf(path));
      return `${root} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    },
    size: async (path) => (await stat(fileOf(path))).size,
  };
}

/** Adds what is in a folder to what was found. */
async function list(search: Search, place: Place): Promise<void> {
  const entries = await readdir(place.name, { withFileTypes: true, encoding: 'buffer' }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new InputError({ name: String(place.name), expected: 'a readable folder', got: error.code });
    },
  );
  // In any order another link to the same folder might be the first.
  entries.sort((a, b) => Buffer.compare(a.name as unknown as Uint8Array, b.name as unknown as Uint8Array));
  for (const entry of entries) {
    // Types of Node's buffers differ between its own declarations.
    const bytes = Buffer.from(entry.name as unknown as Uint8Array);
    const text = shownName(bytes);
    if (text.startsWith('.')) continue;
    const shown = place.shown === '' ? text : `${place.shown}/${text}`;
    const name = Buffer.concat([place.name, Buffer.from(sep), bytes]);
    const target = entry.isSymbolicLink() ? await linkTarget(search, place, name) : undefined;
    if (typeof target === 'string') {
      search.skipped.push(`${shown}: ${target}`);
    } else if (entry.isDirectory() || target?.folder !== undefined) {
      const around = [...place.around, target?.folder ?? String(name)];
      if (target?.folder !== undefined && search.linked.has(target.folder))
        search.skipped.push(`${shown}: a link to a folder that is listed already`);
      else if (place.depth < search.maxDepth) {
        if (target?.folder !== undefined) search.linked.add(target.folder);
        await list(search, { shown, name, depth: place.depth + 1, around });
      } else search.skipped.push(`${shown}: folders more than ${search.maxDepth} deep are not searched`);
    } else if (entry.isFile() || target !== undefined) {
      search.paths.push(shown);
      if (!isUtf8(name)) search.oddNames.set(shown, name);
    }
  }
}

/** Where Hugging Face's download cache keeps the files of a snapshot: `snapshots/REVISION/…` are links into `blobs`. */
function cachedFiles(root: string): string[] {
  const parts = root.split(sep);
  const at = parts.lastIndexOf('snapshots', parts.length - 2);
  return at > 0 ? [[...parts.slice(0, at), 'blobs'].join(sep)] : [];
}

/** What a link leads to: a file, a folder with its real path, or why it is not followed. */
async function linkTarget(
  { within, followLinks }: Search,
  { around }: Place,
  link: Buffer,
): Promise<{ folder: string | undefined } | string> {
  try {
    const target = await realpath(link);
    const isWithin = within.some(
      (root) => target === root || target.startsWith(root.endsWith(sep) ? root : root + sep),
    );
    if (!isWithin && !followLinks) return 'a link that leads out of the folder';
    const info = await stat(link);
    if (info.isFile()) return { folder: undefined };
    if (!info.isDirectory()) return 'a link to something else than a file or folder';
    return around.includes(target) ? 'a link to a folder around it' : { folder: target };
  } catch {
    return 'a link that leads nowhere';
  }
}

/** A file's name as text, with bytes that are not UTF-8 as `\xFF`. */
function shownName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  return bytes
    .toString('latin1')
    .replaceAll(/[^\x20-\x7E]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
