/** @file CIFAR-10 and CIFAR-100 in their binary version as data sets: https://www.cs.toronto.edu/~kriz/cifar.html */
import { baseName, folderName, type FileTree } from '../../../inference/files/tree.js';
import { channelsLast } from '../../../inference/pictures/layout.js';
import { InputError } from '../../../onnx/errors.js';
import { itemAt, type DataOptions, type Dataset, type Labels } from '../sets/dataset.js';
import { takenSplits } from '../sets/splits.js';

const SIZE = { width: 32, height: 32, channels: 3 } as const;
const BYTES = SIZE.width * SIZE.height * SIZE.channels;
/** The largest file. Those of CIFAR are of 154 MB at most. */
const MAX_BYTES = 2 ** 30;
const MAX_NAMES_BYTES = 2 ** 20;

/** A version: its files, the labels in front of each picture, which of them counts, and the file of names. */
const versions = [
  { files: /^(data_batch_\d+|test_batch)\.bin$/, labels: 1, counted: 0, names: 'batches.meta.txt' },
  { files: /^(train|test)\.bin$/, labels: 2, counted: 1, names: 'fine_label_names.txt' },
] as const;

type Version = (typeof versions)[number];

/** The version that a tree has: its files, with the names beside them. */
function versionOf(tree: FileTree): { version: Version; folder: string } | undefined {
  for (const version of versions) {
    const names = tree.paths.find((path) => baseName(path) === version.names);
    const folder = names === undefined ? '' : folderName(names);
    const isThere = tree.paths.some((path) => folderName(path) === folder && version.files.test(baseName(path)));
    if (names !== undefined && isThere) return { version, folder };
  }
  return undefined;
}

/** Whether there are CIFAR's binary files, with the names of the classes beside them. */
export const hasCifarFiles = (tree: FileTree): boolean => versionOf(tree) !== undefined;

/** Whether a file holds the names of CIFAR's classes. */
export const isCifarNames = (path: string): boolean => versions.some(({ names }) => names === baseName(path));

/** Whether a file is one of CIFAR's. */
export const isCifarFile = (path: string): boolean =>
  isCifarNames(path) || versions.some(({ files }) => files.test(baseName(path)));

/**
 * The pictures of CIFAR in the order of the files, training first. Classes are the ten, or the hundred fine ones.
 * @throws InputError if the split is not there, or a file has another size or a class without a name
 */
export async function cifarDataset(tree: FileTree, options: DataOptions): Promise<Dataset> {
  const { version, folder } = versionOf(tree) as { version: Version; folder: string };
  const own = tree.paths.filter((path) => folderName(path) === folder && version.files.test(baseName(path)));
  const splitOf = (path: string) => (baseName(path).startsWith('test') ? 'test' : 'train');
  const { items: paths, splits = [] } = takenSplits(own, splitOf, options);
  const names = (await textOf(tree, `${folder}${version.names}`)).split(/\r?\n/).filter((name) => name.trim() !== '');
  const record = version.labels + BYTES;
  const records: Uint8Array[] = [];
  const classes: number[] = [];
  for (const path of paths) {
    const bytes = await tree.read(path, MAX_BYTES);
    if (bytes.length === 0 || bytes.length % record !== 0)
      throw new InputError({ name: path, expected: `a multiple of ${record} bytes`, got: bytes.length });
    for (let start = 0; start < bytes.length; start += record) {
      const label = bytes[start + version.counted] as number;
      if (label >= names.length)
        throw new InputError({
          name: path,
          expected: `labels of 0…${names.length - 1}, as ${version.names} names`,
          got: label,
        });
      classes.push(label);
      records.push(bytes.subarray(start + version.labels, start + record));
    }
  }
  const labels: Labels = { classes: names, indices: Uint16Array.from(classes) };
  return {
    name: `${records.length} pictures of ${tree.root} (${splits.join(' and ')})`,
    length: records.length,
    labels,
    labelsFrom: version.names,
    splits,
    skipped: tree.skipped,
    picture: async (index) => ({ ...SIZE, data: channelsLast(itemAt(records, index), SIZE) }),
  };
}

async function textOf(tree: FileTree, path: string): Promise<string> {
  return new TextDecoder().decode(await tree.read(path, MAX_NAMES_BYTES));
}
