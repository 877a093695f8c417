/** @file Opens a data set: the table of formats, which are detected by the files found. */
import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import type { GanConfig } from '../../settings/config.js';
import { arraysDataset, isArrayFile, isArrayOfLabels } from './arrays/arrays.node.js';
import { assumedOfData } from '../sets/assumed.js';
import { withClasses, withoutEmptyClasses } from '../sets/classes.js';
import { archivesTree, hasArchives } from './archives.node.js';
import { cifarDataset, hasCifarFiles, isCifarFile, isCifarNames } from './cifar.node.js';
import { cubDataset, hasCubLists, isCubFile, isCubList } from './cub.node.js';
import { spaceDataset, type DataOptions, type Dataset } from '../sets/dataset.js';
import { folderTree } from '../../../inference/files/folder.node.js';
import { assumedOfDepth } from './depth.node.js';
import { foreignSet } from './foreign.js';
import { dataFingerprint, dataIdentity } from './identity.node.js';
import { hasIdxFiles, idxDataset, idxLabelsNames, isIdxFile, isIdxLabels } from './idx.node.js';
import { isPictureFile, PICTURE_EXTENSIONS } from '../../../inference/files/picture-paths.node.js';
import { isLabelsFile } from './listed-labels.js';
import { meantFormat } from './meant-format.node.js';
import { isParquetFile, parquetDataset } from './parquet/parquet.node.js';
import { pictureFilesDataset } from './picture-files.node.js';
import { systemError } from '../sets/system-error.js';
import type { FileTree } from '../../../inference/files/tree.js';
import { zipTree } from './zip.node.js';

/** Options that only some formats have. */
const formatOptions = ['split', 'cropToBox'] as const;
type FormatOption = (typeof formatOptions)[number];

/** A format of data sets. */
interface DataFormat {
  name: string;
  /** File names or extensions, for messages. */
  signs: string;
  /** Options that this format has. */
  options: readonly FormatOption[];
  /** Whether a data set is made of this file. */
  uses: (path: string) => boolean;
  /** Whether it is one that says something of the pictures, such as their classes. */
  lists: (path: string) => boolean;
  /** Whether these files are of this format. */
  found: (tree: FileTree) => boolean;
  /** Whether files with certain names make it, beside which others do not count. */
  isNamed?: true;
  /** @throws InputError if the files are not what the format says, or the options do not fit */
  dataset: (tree: FileTree, options: DataOptions) => Dataset | Promise<Dataset>;
}

/** All formats. The first that matches is used if it is named, or else the one with the most pictures. */
const dataFormats: readonly DataFormat[] = [
  {
    name: 'CUB-200-2011',
    signs: 'images.txt, classes.txt, …',
    options: ['split', 'cropToBox'],
    uses: isCubFile,
    lists: isCubList,
    found: hasCubLists,
    isNamed: true,
    dataset: cubDataset,
  },
  {
    name: 'IDX files as of MNIST',
    signs: 'train-images-idx3-ubyte[.gz], …',
    options: ['split'],
    uses: isIdxFile,
    lists: isIdxLabels,
    found: hasIdxFiles,
    isNamed: true,
    dataset: idxDataset,
  },
  {
    name: "CIFAR's binary files",
    signs: 'data_batch_1.bin, batches.meta.txt, …',
    options: ['split'],
    uses: isCifarFile,
    lists: isCifarNames,
    found: hasCifarFiles,
    isNamed: true,
    dataset: cifarDataset,
  },
  {
    name: 'pictures',
    signs: PICTURE_EXTENSIONS.join(', '),
    options: ['split'],
    uses: (path) => isPictureFile(path) || isLabelsFile(path),
    lists: isLabelsFile,
    found: (tree) => tree.paths.some(isPictureFile),
    dataset: pictureFilesDataset,
  },
  {
    name: 'NumPy arrays',
    signs: '.npy, .npz',
    options: ['split'],
    uses: isArrayFile,
    lists: isArrayOfLabels,
    found: (tree) => tree.paths.some(isArrayFile),
    dataset: arraysDataset,
  },
  {
    name: 'Parquet files as of Hugging Face',
    signs: '.parquet',
    options: ['split'],
    uses: isParquetFile,
    lists: () => false,
    found: (tree) => tree.paths.some(isParquetFile),
    dataset: parquetDataset,
  },
];

/**
 * The data set a run trains on.
 * @param source a folder, a zip archive or a file, or `undefined` for the built-in space pictures
 * @throws InputError if there is no data of a known format, or the options do not fit it
 */
export async function openDataset(
  source: string | undefined,
  options: DataOptions & Pick<GanConfig, 'imageSize'>,
): Promise<Dataset> {
  const { classes = [] } = options;
  if (source === undefined) {
    expectOptions(options, { name: 'built-in pictures', options: [] });
    if (classes.length > 0)
      throw new InputError({
        name: 'classes',
        expected: 'it together with `data` that has classes',
        got: 'the built-in pictures',
      });
    return spaceDataset(options.imageSize);
  }
  const trees = await openTrees(source, options);
  const readings = trees.flatMap((each, at) =>
    formatsOf(each).map((format) => ({ format, tree: each, isPacked: at > 0 })),
  );
  const [first] = readings;
  if (first === undefined) throw unknownFormat(source, trees.at(-1) as FileTree);
  const { meant, beside } = await meantFormat(source, first.format.isNamed ? [first] : readings);
  const { format, tree } = meant;
  expectOptions(options, format);
  const dataset = await format.dataset(tree, options);
  const chosen = withoutEmptyClasses(classes.length > 0 ? withClasses(dataset, classes) : dataset);
  return {
    ...chosen,
    assumed: [
      ...assumedOfData(chosen, options),
      ...beside,
      ...(await assumedOfDepth(tree, tree.paths.filter(isPictureFile))),
    ],
    fingerprint: () => dataFingerprint(tree, options),
    identity: () => dataIdentity(tree, tree.paths.filter(format.uses), tree.paths.filter(format.lists), options),
  };
}

const formatsOf = (tree: FileTree) => dataFormats.filter(({ found }) => found(tree));

function unknownFormat(source: string, { paths, skipped }: FileTree): InputError {
  const known = dataFormats.map(({ name, signs }) => `${name} (${signs})`).join(', or ');
  const links = skipped.length === 0 ? '' : `, and skipped ${skipped.length}: ${skipped[0]}`;
  const foreign = foreignSet(paths);
  const got = `${otherFiles(paths.length)}${foreign === undefined ? '' : ` (${foreign})`}${links}`;
  return new InputError({ name: source, expected: known, got });
}

/** @throws InputError for an option that this format does not have */
function expectOptions(
  { split = 'all', cropToBox = false }: DataOptions,
  format: Pick<DataFormat, 'name' | 'options'>,
) {
  const given: Record<FormatOption, boolean> = { split: split !== 'all', cropToBox };
  const odd = formatOptions.find((option) => given[option] && !format.options.includes(option));
  if (odd === undefined) return;
  const able = dataFormats.filter(({ options }) => options.includes(odd)).map(({ name }) => name);
  throw new InputError({ name: odd, expected: `data that has it (${able.join(', ')})`, got: format.name });
}

/** The files of a folder, and those in its archives; or of a zip archive; or a single file with what belongs to it. */
async function openTrees(source: string, { followLinks }: DataOptions): Promise<FileTree[]> {
  const info = await stat(source).catch(() => undefined);
  const matters = (path: string) => dataFormats.some(({ uses }) => uses(path));
  if (!info?.isFile()) {
    const folder = await folderTree(source, { followLinks });
    const [first] = formatsOf(folder);
    if (first?.isNamed || !hasArchives(folder)) return [folder];
    try {
      return [folder, await archivesTree(folder, matters)];
    } catch (error) {
      // Beside pictures, an archive that cannot be read is one more broken file.
      if (first === undefined || !(error instanceof InputError) || systemError(error) !== undefined) throw error;
      return [{ ...folder, skipped: [...folder.skipped, error.message].sort() }];
    }
  }
  if (await isZip(source)) return [await zipTree(source, matters)];
  // That the file may be a link is the user's choice.
  const tree = await folderTree(dirname(source), { maxDepth: 0, followLinks: true });
  const name = basename(source);
  const wanted = [name, ...idxLabelsNames(name)];
  return [{ ...tree, root: source, paths: tree.paths.filter((path) => wanted.includes(path)), skipped: [] }];
}

/** Whether a file begins as a zip archive does: with a file, or with the end of an empty one. */
async function isZip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && [0x50_4b_03_04, 0x50_4b_05_06].includes(buffer.readUInt32BE(0));
  } finally {
    await file.close();
  }
}

const otherFiles = (count: number) => (count === 0 ? 'no file' : count === 1 ? '1 other file' : `${count} other files`);
