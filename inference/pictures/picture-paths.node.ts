/** @file Picture files as commands get them: one by one, or by folder. */
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { folderTree } from './folder.node.js';

/** Extensions of picture files. */
export const PICTURE_EXTENSIONS = ['.avif', '.gif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'];
/** The largest picture file that is read. */
export const MAX_PICTURE_BYTES = 512 * 1024 * 1024;

/** Whether a file is a picture by its name. */
export function isPictureFile(path: string): boolean {
  return PICTURE_EXTENSIONS.includes(extname(path).toLowerCase());
}

/**
 * The picture files that arguments name: files as they are, and all pictures in folders and the folders in them.
 * @throws InputError for a folder without pictures; files are not opened
 */
export async function picturePaths(sources: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const source of sources) {
    const isFolder = await stat(source).then(
      (info) => info.isDirectory(),
      () => false,
    );
    if (!isFolder) {
      paths.push(source);
      continue;
    }
    const tree = await folderTree(source);
    const found = tree.paths.filter(isPictureFile);
    if (found.length === 0) {
      const [skipped] = tree.skipped;
      throw new InputError({
        name: source,
        expected: `pictures (${PICTURE_EXTENSIONS.join(', ')})`,
        got: `a folder without any${skipped ? ` (${skipped})` : ''}`,
      });
    }
    paths.push(...found.map((path) => join(source, path)));
  }
  return paths;
}
