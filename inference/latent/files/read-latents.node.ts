/** @file Numbers of latent files, one reader per format. */
import { extname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { InputError } from '../../../onnx/errors.js';
import { readBoundedFile, streamPart } from '../../../onnx/files/files.node.js';
import { NPY_START_BYTES, npyNumbers, npyShape } from '../../numeric/npy.js';

/** An array of a file: its shape, and its numbers for whoever wants them. */
export interface StoredArray {
  shape: readonly number[];
  numbers: () => ArrayLike<number> | Promise<ArrayLike<number>>;
}

const MAX_BINARY_BYTES = 2 ** 30;
const MAX_TEXT_BYTES = 2 ** 28;
/** As many as such a file has of float32: those of smaller types grow when they are read. */
const MAX_NUMBERS = MAX_BINARY_BYTES / 4;
/** Deflate cannot do better than 1032 : 1. */
const MAX_RATIO = 1032;

/**
 * The arrays in a file of latents by name; files of a single array have one, without a name.
 * @throws InputError if the file cannot be read or is no such file
 */
export async function readArrays(path: string): Promise<ReadonlyMap<string, StoredArray>> {
  const extension = extname(path).toLowerCase();
  if (extension === '.npz') return npzArrays(path, await readBoundedFile(path, MAX_BINARY_BYTES));
  if (extension !== '.csv' && extension !== '.json') {
    return new Map([['', npyArray(await readBoundedFile(path, MAX_BINARY_BYTES), path)]]);
  }
  const text = new TextDecoder().decode(await readBoundedFile(path, MAX_TEXT_BYTES));
  return new Map([['', extension === '.csv' ? csvNumbers(text, path) : jsonNumbers(text, path)]]);
}

function npyArray(bytes: Uint8Array, name: string): StoredArray {
  return { shape: boundedShape(bytes, name), numbers: () => npyNumbers(bytes, name).data };
}

/** @throws InputError for more numbers than are read */
function boundedShape(start: Uint8Array, name: string): readonly number[] {
  const shape = npyShape(start, name);
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > MAX_NUMBERS) throw new InputError({ name, expected: `at most ${MAX_NUMBERS} numbers`, got: count });
  return shape;
}

/** The arrays of NumPy's `savez` or `savez_compressed`. Only those that are wanted are decompressed. */
async function npzArrays(path: string, bytes: Uint8Array): Promise<Map<string, StoredArray>> {
  const arrays = new Map<string, StoredArray>();
  await readingZip(path, async () => {
    const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      lazyEntries: true,
    });
    for await (const entry of zip.eachEntry()) {
      const { fileName } = entry;
      if (fileName.endsWith('.npy'))
        arrays.set(fileName.slice(0, -'.npy'.length), await npzArray(zip, entry, `${path}: ${fileName}`));
    }
  });
  return arrays;
}

async function npzArray(zip: ZipFile, entry: Entry, name: string): Promise<StoredArray> {
  const { uncompressedSize, compressedSize } = entry;
  if (uncompressedSize > Math.min(MAX_BINARY_BYTES, MAX_RATIO * compressedSize + 1024))
    throw new InputError({ name, expected: `at most ${MAX_BINARY_BYTES} bytes` });
  const shape = boundedShape(await streamPart(await zip.openReadStreamPromise(entry), 0, NPY_START_BYTES), name);
  const content = async () => buffer(await zip.openReadStreamPromise(entry));
  return { shape, numbers: () => readingZip(name, async () => npyNumbers(await content(), name).data) };
}

/** @throws InputError for what is damaged */
async function readingZip<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError({ name, expected: 'a .npz file', got: (error as Error).message });
  }
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Rows of decimal numbers with commas, semicolons, tabs or spaces between; a first line of names is skipped.
 * @throws InputError for a first line 0,1,2,…, which may be names too
 */
function csvNumbers(text: string, path: string): StoredArray {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const numbers: number[] = [];
  let [width, rows] = [0, 0];
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const cells = trimmed.split(/\s*[,;\t]\s*|\s+/);
    const row = cells.map((cell) => (DECIMAL.test(cell) ? Number(cell) : Number.NaN));
    if (rows === 0 && width === 0 && row.every(Number.isNaN) && !cells.some(isNumberOfOthers)) continue;
    if (rows === 0 && cells.every((cell, column) => cell === String(column))) {
      const expected = 'no first line that may be the numbers of columns (delete it) or a latent (write 0.0,1.0,…)';
      throw new InputError({ name: path, expected, got: trimmed.slice(0, 40) });
    }
    width ||= row.length;
    if (row.length !== width || row.some(Number.isNaN)) {
      const got = row.length === width ? JSON.stringify(trimmed.slice(0, 40)) : `${row.length} cells`;
      throw new InputError({ name: path, expected: `${width} numbers in line ${index + 1}`, got });
    }
    for (const number of row) numbers.push(number);
    rows++;
  }
  return { shape: [rows, width], numbers: () => numbers };
}

/** Whether a cell is a number, though not a decimal one, and so no name. */
const isNumberOfOthers = (cell: string) => /^[+-]?(nan|inf(inity)?)$|^0[xbo]/i.test(cell);

function jsonNumbers(text: string, path: string): StoredArray {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError({ name: path, expected: 'JSON', got: 'something else' });
  }
  const rows: unknown[] = Array.isArray(value) ? value : [];
  if (rows.length > 0 && rows.every(isNumber)) return { shape: [rows.length], numbers: () => rows };
  const first = rows[0];
  const width = Array.isArray(first) ? first.length : 0;
  const fits = (row: unknown): row is number[] =>
    Array.isArray(row) && row.length === width && width > 0 && row.every(isNumber);
  if (rows.length === 0 || !rows.every(fits)) {
    throw new InputError({ name: path, expected: 'an array of equally long arrays of numbers', got: 'something else' });
  }
  return { shape: [rows.length, width], numbers: () => rows.flat() };
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
