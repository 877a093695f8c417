/** @file An array in a .npy file of a folder or archive: its layout, and its rows. */
import { NPY_START_BYTES, npyLayout, npyNumbers } from '../../../../inference/numeric/npy.js';
import { baseName, type FileTree } from '../../../../inference/files/tree.js';
import { InputError } from '../../../../onnx/errors.js';
import { elementCount } from '../../../../onnx/graph/graph.js';
import { Held } from '../../sets/held.js';

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
  const bytes = elementCount(shape) * Number(type.slice(1)) + offset;
  const found = await tree.size(path);
  if (bytes !== found)
    throw new InputError({ name: path, expected: `${bytes} bytes for ${dtype} [${shape.join(', ')}]`, got: found });
  const name = baseName(path).replace(/\.npy$/i, '');
  return { path, name, type, shape, isRowMajor: !fortranOrder || shape.length < 2, offset };
}

/** The numbers of a whole file. @throws InputError for a damaged or too large one */
export async function numbersOf(tree: FileTree, { path, shape }: NpyFile): Promise<Float64Array> {
  const count = elementCount(shape);
  if (count > MAX_NUMBERS) throw new InputError({ name: path, expected: `at most ${MAX_NUMBERS} numbers`, got: count });
  return npyNumbers(await tree.read(path, MAX_BYTES), path).data;
}

/** Rows of bytes of the arrays of a data set. */
export class NpyRows {
  readonly #tree: FileTree;
  readonly #whole = new Held<string, Uint8Array>(HELD_BYTES);

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** Row `index` of an array of bytes. @throws InputError if it cannot be read, or the file ends before it */
  async row({ path, shape: [count = 0, ...sizes], offset }: NpyFile, index: number): Promise<Uint8Array> {
    const length = elementCount(sizes);
    const start = offset + index * length;
    const whole = () => this.#whole.get(path, offset + count * length, () => this.#tree.read(path, MAX_BYTES));
    const row = this.#tree.hasParts
      ? await this.#tree.part(path, start, start + length)
      : (await whole()).subarray(start, start + length);
    if (row.length === length) return row;
    throw new InputError({
      name: path,
      expected: `${count} pictures of ${length} bytes`,
      got: `fewer; number ${index} is cut off`,
    });
  }
}
