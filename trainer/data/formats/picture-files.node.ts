/** @file Picture files, with or without folders of splits and classes, as a data set. */
import { decodePicture } from '../../../inference/pictures/pictures.node.js';
import { isPictureFile, MAX_PICTURE_BYTES, unreadPictures } from '../../../inference/files/picture-paths.node.js';
import { folderName, type FileTree } from '../../../inference/files/tree.js';
import { InputError } from '../../../onnx/errors.js';
import { itemAt, MAX_CLASSES, type DataOptions, type Dataset, type Labels } from '../sets/dataset.js';
import { expectSplit, namedSplit } from '../sets/splits.js';
import { Budget } from '../../../inference/runtime/budget.js';
import { LABELS_FILE, listedLabels } from './listed-labels.js';

/** Bytes of files that are decoded at a time. */
const MAX_BYTES_AT_ONCE = 256 * 1024 * 1024;

/** A picture file with the folders it lies in, below the root. */
interface Place {
  path: string;
  folders: readonly string[];
}

/**
 * All picture files in the order of their paths. Folders train, val and test are splits, above the classes or in each. Labels are those of a
 * dataset.json, as NVIDIA's StyleGAN reads it; or where each picture lies in a folder below the deepest one that holds them
 * all, the folders of that level are the classes.
 * @throws InputError if a split is asked for that is not there, or dataset.json cannot be used
 */
export async function pictureFilesDataset(tree: FileTree, { split = 'all' }: DataOptions): Promise<Dataset> {
  const all = tree.paths.filter(isPictureFile).map((path) => ({ path, folders: foldersOf(path) }));
  const level = splitLevel(all);
  const splitOf = ({ folders }: Place) => namedSplit(folders[level ?? 0] ?? '');
  const splits = [...new Set(all.map(splitOf))];
  const isSplit = level !== undefined;
  expectSplit(split, isSplit ? splits.filter((each) => each !== undefined) : []);
  const places = isSplit
    ? all
        .filter((place) => split === 'all' || splitOf(place) === split)
        .map(({ path, folders }) => ({ path, folders: folders.toSpliced(level, 1) }))
    : all;
  const paths = places.map(({ path }) => path);
  const listed = await listedLabels(tree, paths);
  const files = datasetOfFiles(tree, paths, listed === undefined ? folderLabels(places) : listed.labels);
  const dataset = { ...files, labelsFrom: listed === undefined ? 'names of folders' : LABELS_FILE };
  if (!isSplit) return dataset;
  const taken = split === 'all' ? splits.filter((each) => each !== undefined) : [split];
  return { ...dataset, splits: taken, name: `${dataset.name} (${taken.join(' and ')})` };
}

/** The data set of these picture files. */
export function datasetOfFiles(tree: FileTree, paths: readonly string[], labels: Labels | undefined): Dataset {
  const budget = new Budget(MAX_BYTES_AT_ONCE);
  return {
    name: `${paths.length} ${paths.length === 1 ? 'picture' : 'pictures'} of ${tree.root}`,
    length: paths.length,
    labels,
    skipped: [...tree.skipped, ...unreadPictures(tree.paths)].sort(),
    async picture(index) {
      const path = itemAt(paths, index);
      const size = await tree.size(path).catch((error: unknown) => {
        throw new InputError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
      });
      return budget.run(Math.min(size, MAX_PICTURE_BYTES), async () =>
        decodePicture(await tree.read(path, MAX_PICTURE_BYTES), path),
      );
    },
  };
}

/** How many folders lie above those that are splits, of which one is above each picture: the first with several kinds, or else with one. */
function splitLevel(places: readonly Place[]): number | undefined {
  const depth = places.reduce((least, { folders }) => Math.min(least, folders.length), Number.POSITIVE_INFINITY);
  const kinds = Array.from({ length: places.length > 0 ? depth : 0 }, (_, level) => {
    const splits = new Set(places.map(({ folders }) => namedSplit(folders[level] as string)));
    return splits.has(undefined) ? 0 : splits.size;
  });
  const level = kinds.findIndex((count) => count > 1);
  const found = level < 0 ? kinds.indexOf(1) : level;
  return found < 0 ? undefined : found;
}

const foldersOf = (path: string): string[] => folderName(path).split('/').slice(0, -1);

/** The places without the folders that all of them share. */
function belowShared(places: readonly Place[]): Place[] {
  const [first] = places;
  let shared = 0;
  while (
    first?.folders[shared] !== undefined &&
    places.every(({ folders }) => folders[shared] === first.folders[shared])
  ) {
    shared++;
  }
  return places.map(({ path, folders }) => ({ path, folders: folders.slice(shared) }));
}

function folderLabels(places: readonly Place[]): Labels | undefined {
  const names = belowShared(places).map(({ folders: [name] }) => name);
  const classes = [...new Set(names)].filter((name) => name !== undefined).sort();
  if (classes.length === 0 || classes.length > MAX_CLASSES || names.includes(undefined)) return undefined;
  const numbers = new Map(classes.map((name, index) => [name, index]));
  return { classes, indices: Uint16Array.from(names, (name) => numbers.get(name ?? '') ?? 0) };
}
