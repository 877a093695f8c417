/** @file From what `--data` says to a data set: the one table of formats, told by what is there. */
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import type { GanConfig } from '../config.js';
import { withClasses } from './classes.js';
import { spaceDataset, type DataOptions, type Dataset } from './dataset.js';
import { folderTree } from './folder.node.js';
import { hasIdxFiles, idxDataset, idxLabelsNames } from './idx.node.js';
import { isPictureFile, PICTURE_EXTENSIONS, pictureFilesDataset } from './picture-files.node.js';
import type { FileTree } from './tree.js';

/** A way in which data sets are stored. */
interface DataFormat {
  /** What it looks like, in the words of an error message. */
  description: string;
  /** Whether these files are of this format. */
  found: (tree: FileTree) => boolean;
  /** @throws InputError if the files are not what the format says, or the options do not fit */
  dataset: (tree: FileTree, options: DataOptions) => Dataset | Promise<Dataset>;
}

/** All formats; the first that is found is taken. */
const dataFormats: readonly DataFormat[] = [
  { description: 'IDX files as of MNIST (train-images-idx3-ubyte[.gz], …)', found: hasIdxFiles, dataset: idxDataset },
  {
    description: `pictures (${PICTURE_EXTENSIONS.join(', ')})`,
    found: (tree) => tree.paths.some(isPictureFile),
    dataset: pictureFilesDataset,
  },
];

/**
 * The data set a run trains on.
 * @param source a folder or a file, or `undefined` for the built-in space pictures
 * @throws InputError if there is no data of a known format, or the options do not fit it
 */
export async function openDataset(
  source: string | undefined,
  options: DataOptions & Pick<GanConfig, 'imageSize'>,
): Promise<Dataset> {
  const { classes = [], split = 'all' } = options;
  if (source === undefined) {
    const option = classes.length > 0 ? '--classes' : split === 'all' ? undefined : '--split';
    if (option !== undefined) throw new InputError(`${option}: the built-in pictures have none; name data with --data`);
    return spaceDataset(options.imageSize);
  }
  const tree = await openTree(source);
  const format = dataFormats.find(({ found }) => found(tree));
  if (format === undefined) {
    const known = dataFormats.map(({ description }) => description).join(', or ');
    const [passedOver] = tree.skipped;
    const links = passedOver === undefined ? '' : `, and skipped ${tree.skipped.length}: ${passedOver}`;
    throw new InputError(`${source}: expected ${known}; got ${tree.paths.length} other files${links}`);
  }
  const dataset = await format.dataset(tree, options);
  return classes.length > 0 ? withClasses(dataset, classes) : dataset;
}

/** The files of a folder, or a single file with what belongs to it. */
async function openTree(source: string): Promise<FileTree> {
  const info = await stat(source).catch(() => undefined);
  if (!info?.isFile()) return folderTree(source);
  const tree = await folderTree(dirname(source), { maxDepth: 0 });
  const name = basename(source);
  const wanted = [name, ...idxLabelsNames(name)];
  return { ...tree, root: source, paths: tree.paths.filter((path) => wanted.includes(path)), skipped: [] };
}
