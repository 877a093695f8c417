/** @file MNIST's file format, IDX, gzipped or not, as a data set: http://yann.lecun.com/exdb/mnist (also Fashion-MNIST). */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { InputError } from '../../../onnx/errors.js';
import type { DataOptions, Dataset, Labels } from '../sets/dataset.js';
import { JoinedParts, numberedLabels } from '../sets/joined.js';
import { takenSplits, type Part } from '../sets/splits.js';
import { MAX_PIXELS } from '../../../inference/pictures/pictures.js';
import { folderName, type FileTree } from '../../../inference/files/tree.js';

/** The largest IDX file, unpacked. MNIST's is 47 MB. */
const MAX_BYTES = 2 ** 30;
const UNSIGNED_BYTE = 0x08;
const LABELS = /(train|t10k|test)-labels[.-]idx1-ubyte(\.gz)?$/i;
const IMAGES = /(train|t10k|test)-images[.-]idx3-ubyte(\.gz)?$/i;

/** The array in an IDX file. */
interface IdxArray {
  dims: number[];
  data: Uint8Array;
}

/** Files of one split. */
interface SplitFiles {
  split: Part;
  images: string;
  labels: string | undefined;
}

/** Whether there are files of pictures in IDX format. */
export function hasIdxFiles(tree: FileTree): boolean {
  return tree.paths.some((path) => IMAGES.test(path));
}

/** Whether a file holds labels in IDX format. */
export const isIdxLabels = (path: string): boolean => LABELS.test(path);

/** Whether a file holds pictures or labels in IDX format. */
export const isIdxFile = (path: string): boolean => IMAGES.test(path) || isIdxLabels(path);

/** The possible names of the labels' file beside a file of pictures. */
export function idxLabelsNames(images: string): string[] {
  const plain = images.replace(/\.gz$/i, '').replace(/images(?=[.-]idx3-ubyte$)/i, 'labels');
  const labels = plain.replace(/idx3(?=-ubyte$)/i, 'idx1');
  return [labels, `${labels}.gz`];
}

/**
 * The pictures of a split in the order of the file, or of all splits that are there, training first. Classes are the
 * labels' numbers.
 * @throws InputError if the split is not there, a file is no IDX file of pictures or labels, or they do not fit together
 */
export async function idxDataset(tree: FileTree, options: DataOptions): Promise<Dataset> {
  const { items: files, splits = [] } = takenSplits(splitFiles(tree), ({ split }) => split, options);
  const parts: { images: IdxArray; labels: Uint8Array | undefined }[] = [];
  for (const { images, labels } of files) parts.push(await readSplit(tree, images, labels));
  const [, height = 0, width = 0] = parts[0]?.images.dims ?? [];
  const odd = parts.findIndex(({ images }) => images.dims[1] !== height || images.dims[2] !== width);
  if (odd >= 0)
    throw new InputError({
      name: files[odd]?.images ?? '',
      expected: `pictures of ${width}×${height} as in the other file`,
    });
  const size = height * width;
  const joined = new JoinedParts(parts, ({ images }) => images.data.length / size);
  const { length } = joined;
  return {
    name: `${length} pictures of ${tree.root} (${splits.join(' and ')})`,
    length,
    labels: joinedLabels(parts.map(({ labels }) => labels)),
    labelsFrom: 'the file of labels',
    splits,
    skipped: tree.skipped,
    async picture(index) {
      const { part, at } = joined.place(index);
      return { width, height, channels: 1, data: part.images.data.subarray(at * size, (at + 1) * size) };
    },
  };
}

/** The files of each split; of a file and its gzipped twin, the plain one. */
function splitFiles(tree: FileTree): SplitFiles[] {
  const twin = (path: string) => tree.paths.find((other) => path.toLowerCase() === `${other.toLowerCase()}.gz`);
  const images = tree.paths.filter((path) => IMAGES.test(path) && twin(path) === undefined);
  const files = images.map((path): SplitFiles => ({
    split: IMAGES.exec(path)?.[1]?.toLowerCase() === 'train' ? 'train' : 'test',
    images: path,
    labels: idxLabelsNames(path).find((name) => tree.paths.includes(name)),
  }));
  const folders = new Set(files.map((file) => folderName(file.images)));
  if (folders.size > 1) {
    throw new InputError({
      name: tree.root,
      expected: 'IDX files of one data set',
      got: `them in ${[...folders].join(', ')}`,
    });
  }
  const [train, test] = (['train', 'test'] as const).map((split) => {
    const [file, ...others] = files.filter((each) => each.split === split);
    if (file === undefined || others.length === 0) return file;
    const names = [file, ...others].map((each) => each.images).join(', ');
    throw new InputError({
      name: tree.root,
      expected: 'IDX files of one data set',
      got: `${names}: name one with \`data\``,
    });
  });
  return [train, test].filter((file) => file !== undefined);
}

async function readSplit(tree: FileTree, images: string, labels: string | undefined) {
  const pictures = await readIdx(tree, images, 3);
  if (pictures.data.length === 0) throw new InputError({ name: images, expected: 'pictures', got: 'none' });
  const [, height = 0, width = 0] = pictures.dims;
  if (height * width > MAX_PIXELS) {
    throw new InputError({
      name: images,
      expected: `pictures of at most ${MAX_PIXELS} pixels`,
      got: `${width}×${height}`,
    });
  }
  if (labels === undefined) return { images: pictures, labels: undefined };
  const { data, dims } = await readIdx(tree, labels, 1);
  if (dims[0] !== pictures.dims[0]) {
    throw new InputError({
      name: labels,
      expected: `a label for each of the ${pictures.dims[0]} pictures`,
      got: dims[0],
    });
  }
  return { images: pictures, labels: data };
}

/** An IDX file of unsigned bytes: 0, 0, type, rank, sizes as big-endian 32-bit numbers, data. */
async function readIdx(tree: FileTree, path: string, rank: number): Promise<IdxArray> {
  const packed = await tree.read(path, MAX_BYTES);
  const bytes = /\.gz$/i.test(path) ? await unpacked(packed, path) : packed;
  const header = 4 + 4 * rank;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = bytes.length < header ? undefined : view.getUint32(0);
  if (found !== UNSIGNED_BYTE * 256 + rank) {
    const magic = found === undefined ? `${bytes.length} bytes` : `the number ${found}`;
    throw new InputError({
      name: path,
      expected: `an IDX file that begins with ${UNSIGNED_BYTE * 256 + rank}`,
      got: magic,
    });
  }
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = header + dims.reduce((product, size) => product * size, 1);
  if (bytes.length !== expected) {
    throw new InputError({ name: path, expected: `${expected} bytes for ${dims.join('×')}`, got: bytes.length });
  }
  return { dims, data: new Uint8Array(bytes.buffer, bytes.byteOffset + header, expected - header) };
}

async function unpacked(packed: Uint8Array, path: string): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(packed, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw new InputError({
      name: path,
      expected: `gzip of at most ${MAX_BYTES} bytes unpacked`,
      got: `an error (${(error as Error).message})`,
    });
  }
}

/** Labels of all parts, where every part has some. */
function joinedLabels(parts: readonly (Uint8Array | undefined)[]): Labels | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  return numberedLabels(known.flatMap((part) => Array.from(part)));
}
