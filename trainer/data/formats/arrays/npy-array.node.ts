/** @file An array in a .npy file of a folder or archive: its layout, and its rows. */
import { NPY_START_BYTES, npyLayout, npyNumbers } from '../../../../inference/numeric/npy.js';
import { baseName, type FileTree } from '../../../../inference/files/tree.js';
import { InputError } from '../../../../onnx/errors.js';

/** The largest array that is in an archive, and so has to be unpacked as a whole. */
const MAX_BYTES = 2 ** 31 - 1;
/** Unpacked arrays of a data set that are held, in bytes: the last ones that were used. */
const HELD_BYTES = 2 ** 31;
/** The most labels of a file. */
const MAX_NUMBERS = 2 ** 27;

/** An array of which nothing but the header was read. */
export interface NpyFile {
  path: string;
  /** The file's name without its extension. */
  name: string;
  /** NumPy's kind and bytes of its numbers, such as `u1`. */
  type: string;
  shape: readonly number[];
  isRowMajor: boolean;
  offset: number;
}

/**
 * The array in a file; nothing for one of texts or objects.
 * @throws InputError if the file is no .npy file, or has not the length that its header says
 */
export async function npyFile(tree: FileTree, path: string): Promise<NpyFile | undefined> {
  const { dtype, shape, fortranOrder, offset } = npyLayout(await tree.part(path, 0, NPY_START_BYTES), path);
  const type = dtype.replace(/^[<>|=]/, '');
  if (!/^[biuf]\d+$/.test(type)) return undefined;
  const bytes = shape.reduce((product, size) => product * size, Number(type.slice(1))) + offset;
  const found = await tree.size(path);
  if (bytes !== found)
    throw new InputError({ name: path, expected: `${bytes} bytes for ${dtype} [${shape.join(', ')}]`, got: found });
  const name = baseName(path).replace(/\.npy$/i, '');
  return { path, name, type, shape, isRowMajor: !fortranOrder || shape.length < 2, offset };
}

/** The numbers of a whole file. @throws InputError for a damaged or too large one */
export async function numbersOf(tree: FileTree, { path, shape }: NpyFile): Promise<Float64Array> {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > MAX_NUMBERS) throw new InputError({ name: path, expected: `at most ${MAX_NUMBERS} numbers`, got: count });
  return npyNumbers(await tree.read(path, MAX_BYTES), path).data;
}

/** Rows of bytes of the arrays of a data set. */
export class NpyRows {
  readonly #tree: FileTree;
  /** Whole files in the order of their last use. */
  readonly #held = new Map<string, { bytes: Promise<Uint8Array>; size: number }>();

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** Row `index` of an array of bytes. @throws InputError if it cannot be read, or the file ends before it */
  async row(file: NpyFile, index: number): Promise<Uint8Array> {
    const { path, shape, offset } = file;
    const length = shape.slice(1).reduce((product, size) => product * size, 1);
    const start = offset + index * length;
    const row = this.#tree.hasParts
      ? await this.#tree.part(path, start, start + length)
      : (await this.#whole(file)).subarray(start, start + length);
    if (row.length === length) return row;
    throw new InputError({
      name: path,
      expected: `${shape.join('×')} numbers`,
      got: `fewer: picture ${index} is cut off`,
    });
  }

  /** A file that is held until others need the room. */
  #whole({ path, shape, offset }: NpyFile): Promise<Uint8Array> {
    const size = shape.reduce((product, length) => product * length, 1) + offset;
    const held = this.#held.get(path) ?? { bytes: this.#tree.read(path, MAX_BYTES), size };
    this.#held.delete(path);
    this.#held.set(path, held);
    let sum = 0;
    for (const [other, each] of [...this.#held].toReversed())
      if ((sum += each.size) > HELD_BYTES && other !== path) this.#held.delete(other);
    return held.bytes;
  }
}
