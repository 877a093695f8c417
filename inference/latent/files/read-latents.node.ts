/** @file Numbers of latent files, one reader per format. */
import { extname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';
import { InputError } from '../../../onnx/errors.js';
import { readBoundedFile } from '../../../onnx/files/files.node.js';
import { npyNumbers } from '../../numeric/npy.js';

/** Numbers of a file with their shape. */
export interface Numbers {
  shape: readonly number[];
  numbers: ArrayLike<number>;
}

const MAX_BINARY_BYTES = 2 ** 30;
const MAX_TEXT_BYTES = 2 ** 28;
/** Deflate cannot do better than 1032 : 1. */
const MAX_RATIO = 1032;

/**
 * The arrays in a file of latents by name; files of a single array have one, without a name.
 * @throws InputError if the file cannot be read or is no such file
 */
export async function readArrays(path: string): Promise<ReadonlyMap<string, Numbers>> {
  const extension = extname(path).toLowerCase();
  if (extension === '.npz') return npzArrays(path, await readBoundedFile(path, MAX_BINARY_BYTES));
  if (extension !== '.csv' && extension !== '.json') {
    return new Map([['', npyArray(await readBoundedFile(path, MAX_BINARY_BYTES), path)]]);
  }
  const text = new TextDecoder().decode(await readBoundedFile(path, MAX_TEXT_BYTES));
  return new Map([['', extension === '.csv' ? csvNumbers(text, path) : jsonNumbers(text, path)]]);
}

function npyArray(bytes: Uint8Array, name: string): Numbers {
  const { shape, data } = npyNumbers(bytes, name);
  return { shape, numbers: data };
}

/** The arrays of NumPy's `savez` or `savez_compressed`. */
async function npzArrays(path: string, bytes: Uint8Array): Promise<Map<string, Numbers>> {
  const arrays = new Map<string, Numbers>();
  try {
    const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      lazyEntries: true,
    });
    for await (const entry of zip.eachEntry()) {
      const { fileName, uncompressedSize, compressedSize } = entry;
      if (!fileName.endsWith('.npy')) continue;
      if (uncompressedSize > Math.min(MAX_BINARY_BYTES, MAX_RATIO * compressedSize + 1024)) {
        throw new InputError({ name: `${path}: ${fileName}`, expected: `at most ${MAX_BINARY_BYTES} bytes` });
      }
      const content = await buffer(await zip.openReadStreamPromise(entry));
      arrays.set(fileName.slice(0, -'.npy'.length), npyArray(content, `${path}: ${fileName}`));
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError({ name: path, expected: 'a .npz file', got: (error as Error).message });
  }
  return arrays;
}

/** Rows of numbers with commas, semicolons, tabs or spaces between; a first line of names is skipped. */
function csvNumbers(text: string, path: string): Numbers {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const numbers: number[] = [];
  let [width, rows] = [0, 0];
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const cells = trimmed.split(/\s*[,;\t]\s*|\s+/);
    const row = cells.map((cell) => (cell === '' ? Number.NaN : Number(cell)));
    if (rows === 0 && width === 0 && row.every(Number.isNaN) && !cells.every((cell) => /^nan$/i.test(cell))) continue;
    width ||= row.length;
    if (row.length !== width || row.some(Number.isNaN)) {
      const got = row.length === width ? JSON.stringify(trimmed.slice(0, 40)) : `${row.length} cells`;
      throw new InputError({ name: path, expected: `${width} numbers in line ${index + 1}`, got });
    }
    for (const number of row) numbers.push(number);
    rows++;
  }
  return { shape: [rows, width], numbers };
}

function jsonNumbers(text: string, path: string): Numbers {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError({ name: path, expected: 'JSON', got: 'something else' });
  }
  const rows: unknown[] = Array.isArray(value) ? value : [];
  if (rows.length > 0 && rows.every(isNumber)) return { shape: [rows.length], numbers: rows };
  const first = rows[0];
  const width = Array.isArray(first) ? first.length : 0;
  const fits = (row: unknown): row is number[] =>
    Array.isArray(row) && row.length === width && width > 0 && row.every(isNumber);
  if (rows.length === 0 || !rows.every(fits)) {
    throw new InputError({ name: path, expected: 'an array of equally long arrays of numbers', got: 'something else' });
  }
  return { shape: [rows.length, width], numbers: rows.flat() };
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
