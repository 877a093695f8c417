/** @file Picture files as commands get them: one by one, or by folder. */
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { pathBelow } from './copies.node.js';
import { folderTree, type FolderOptions } from './folder.node.js';

/** Extensions of picture files. */
export const PICTURE_EXTENSIONS = ['.avif', '.bmp', '.gif', '.jfif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'];
/** Extensions of pictures that are not read: such files are named as skipped. */
const OTHER_EXTENSIONS = new Set(
  '.arw .cr2 .cr3 .dds .dng .eps .exr .hdr .heic .heif .ico .j2k .jp2 .jxl .nef .orf .pbm .pcx .pgm .pnm .ppm .psd .qoi .raw .svg .tga .xcf'.split(
    ' ',
  ),
);
/** The largest picture file that is read. */
export const MAX_PICTURE_BYTES = 512 * 1024 * 1024;

/** Whether a file is a picture by its name. */
export function isPictureFile(path: string): boolean {
  return PICTURE_EXTENSIONS.includes(extname(path).toLowerCase());
}

/** Pictures of formats that are not read, one line each. */
export function unreadPictures(paths: readonly string[]): string[] {
  return paths
    .filter((path) => OTHER_EXTENSIONS.has(extname(path).toLowerCase()))
    .map((path) => `${path}: pictures of this format are not read (${PICTURE_EXTENSIONS.join(', ')} are)`);
}

/** Picture files, and what was skipped on the way. */
export interface FoundPictures {
  paths: string[];
  /** One line each with the reason. */
  skipped: string[];
  /** How many were left out, as they are in a folder of results. */
  results?: number;
}

/**
 * The picture files that arguments name: files as they are, and all pictures in folders and the folders in them.
 * @param options.results a folder of results: what is in it was made from pictures, where it lies in a folder of them
 * @throws InputError for a folder without pictures; files are not opened
 */
export async function picturePaths(
  sources: readonly string[],
  { followLinks, results }: Pick<FolderOptions, 'followLinks'> & { results?: string | undefined } = {},
): Promise<FoundPictures> {
  const found: FoundPictures = { paths: [], skipped: [], ...(results !== undefined && { results: 0 }) };
  for (const source of sources) {
    const isFolder = await stat(source).then(
      (info) => info.isDirectory(),
      () => false,
    );
    if (!isFolder) {
      found.paths.push(source);
      continue;
    }
    const tree = await folderTree(source, { followLinks });
    const own = results === undefined ? undefined : pathBelow(source, results);
    const isMade = (path: string) => own !== undefined && path.startsWith(`${own}/`);
    const all = tree.paths.filter(isPictureFile);
    const pictures = all.filter((path) => !isMade(path));
    if (own !== undefined) found.results = (found.results ?? 0) + all.length - pictures.length;
    const odd = pictures.filter((path) => tree.oddNames.has(path));
    const skipped = [
      ...[...tree.skipped, ...unreadPictures(tree.paths)].filter((line) => !isMade(line)),
      ...odd.map((path) => `${path}: its name is not UTF-8; rename it`),
    ];
    const named = pictures.filter((path) => !tree.oddNames.has(path));
    if (named.length === 0) {
      const [first] = skipped;
      throw new InputError({
        name: source,
        expected: `pictures (${PICTURE_EXTENSIONS.join(', ')})`,
        got: `a folder without any${first ? ` (${first})` : ''}${all.length > 0 ? `, but for those in ${results}` : ''}`,
      });
    }
    // Not all at once: arguments of a call are limited.
    for (const path of named) found.paths.push(join(source, path));
    for (const line of skipped) found.skipped.push(join(source, line));
  }
  return found;
}
