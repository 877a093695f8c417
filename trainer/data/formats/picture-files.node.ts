/** @file Picture files with or without class folders as a data set. */
import { decodePicture } from '../../../inference/pictures/pictures.node.js';
import { isPictureFile, MAX_PICTURE_BYTES } from '../../../inference/pictures/picture-paths.node.js';
import { itemAt, MAX_CLASSES, type Dataset, type Labels } from '../sets/dataset.js';
import { folderName, type FileTree } from '../../../inference/pictures/tree.js';

/**
 * All picture files in the order of their paths. Where each lies in a folder below the deepest one that holds them all,
 * the folders of that level are the classes.
 */
export function pictureFilesDataset(tree: FileTree): Dataset {
  return datasetOfFiles(tree, tree.paths.filter(isPictureFile), folderLabels);
}

/** The data set of these picture files. */
export function datasetOfFiles(
  tree: FileTree,
  paths: readonly string[],
  labels: (paths: readonly string[]) => Labels | undefined,
): Dataset {
  return {
    name: `${paths.length} pictures of ${tree.root}`,
    length: paths.length,
    labels: labels(paths),
    skipped: tree.skipped,
    async picture(index) {
      const path = itemAt(paths, index);
      return decodePicture(await tree.read(path, MAX_PICTURE_BYTES), path);
    },
  };
}

function folderLabels(paths: readonly string[]): Labels | undefined {
  const folders = paths.map((path) => folderName(path).split('/').slice(0, -1));
  const [first = []] = folders;
  let shared = 0;
  while (shared < first.length && folders.every((parts) => parts[shared] === first[shared])) shared++;
  const names = folders.map((parts) => parts[shared]);
  const classes = [...new Set(names)].filter((name) => name !== undefined).sort();
  if (classes.length === 0 || classes.length > MAX_CLASSES || names.includes(undefined)) return undefined;
  const numbers = new Map(classes.map((name, index) => [name, index]));
  return { classes, indices: Uint16Array.from(names, (name) => numbers.get(name ?? '') ?? 0) };
}
