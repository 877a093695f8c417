/** @file Latents as files: NumPy arrays and JSON, in and out. */
import { InputError } from '../../../onnx/errors.js';
import { readBoundedFile, writeFileAtomic } from '../../../onnx/files/files.node.js';
import { npyBytes, parsedNpy } from '../../numeric/npy.js';

const MAX_NPY_BYTES = 2 ** 30;
const MAX_JSON_BYTES = 2 ** 26;

/**
 * The latents in a file: a .npy array [N, Z], [N, Z, 1, 1] or [Z] of float32 or float64, or JSON, an array of N arrays of
 * Z numbers or one array of Z numbers.
 * @param latentDim Z of the generator they are meant for
 * @returns [N, Z], row-major, N at least 1
 * @throws InputError if the file cannot be read, has another shape, or holds a number that is not finite
 */
export async function loadLatents(path: string, latentDim: number): Promise<Float32Array> {
  const { shape, numbers } = path.toLowerCase().endsWith('.json') ? await readJson(path) : await readNpy(path);
  const [count = 1, size, ...rest] = shape.length === 1 ? [1, ...shape] : shape;
  if (size !== latentDim || count < 1 || rest.some((dim) => dim !== 1)) {
    throw new InputError({ name: path, expected: `latents [N, ${latentDim}]`, got: `[${shape.join(', ')}]` });
  }
  const latents = Float32Array.from(numbers);
  const wrong = latents.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new InputError({ name: path, expected: 'finite numbers', got: `${latents[wrong]} at ${wrong}` });
  return latents;
}

/**
 * Writes latents as .npy (float32) or .json; an existing file is replaced.
 * @param latents [N, Z]
 * @throws InputError for another extension
 */
export async function saveLatents(path: string, latents: Float32Array, latentDim: number): Promise<void> {
  checkLatentsPath(path);
  const count = latents.length / latentDim;
  if (path.toLowerCase().endsWith('.npy')) return writeFileAtomic(path, npyBytes(latents, [count, latentDim]));
  const rows = Array.from({ length: count }, (_, i) => [...latents.subarray(i * latentDim, (i + 1) * latentDim)]);
  return writeFileAtomic(path, `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`);
}

/** @throws InputError for a file that is neither .npy nor .json */
export function checkLatentsPath(path: string, option = 'saveLatents'): void {
  if (/\.(npy|json)$/i.test(path)) return;
  throw new InputError({ name: option, expected: 'a .npy or .json file', got: JSON.stringify(path) });
}

interface Numbers {
  shape: readonly number[];
  numbers: ArrayLike<number>;
}

async function readNpy(path: string): Promise<Numbers> {
  const { dtype, shape, data } = parsedNpy(await readBoundedFile(path, MAX_NPY_BYTES), path);
  if (dtype !== '<f4' && dtype !== '<f8')
    throw new InputError({ name: path, expected: 'float32 or float64', got: dtype });
  return { shape, numbers: data };
}

async function readJson(path: string): Promise<Numbers> {
  const text = new TextDecoder().decode(await readBoundedFile(path, MAX_JSON_BYTES));
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
