/** @file Latents as files, in and out. */
import { InputError } from '../../../onnx/errors.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { npyBytes } from '../../numeric/npy.js';
import { readArrays, type StoredArray } from './read-latents.node.js';

/**
 * The latents in a file, [N, Z], [N, Z, 1, 1] or [Z]: .npy of any type of numbers, byte order and order of axes; .npz with one
 * such array; .csv with a latent of decimal numbers per line; or .json, an array of arrays of numbers or one array of numbers.
 * @param latentDim Z of the generator they are meant for
 * @returns [N, Z], row-major, N at least 1
 * @throws InputError if the file cannot be read, has another shape, or holds a number that is not finite
 */
export async function loadLatents(path: string, latentDim: number): Promise<Float32Array> {
  const arrays = await readArrays(path);
  const fitting = [...arrays.values()].filter(({ shape }) => fits(shape, latentDim));
  const [only] = fitting;
  if (only === undefined || fitting.length > 1) {
    const listed = [...arrays].map(([name, { shape }]) => `${name && `${name} `}[${shape.join(', ')}]`).join('; ');
    const expected = `${fitting.length > 1 ? 'one array of ' : ''}latents [N, ${latentDim}]`;
    throw new InputError({ name: path, expected, got: listed || 'no array' });
  }
  const latents = Float32Array.from(await only.numbers());
  const wrong = latents.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new InputError({ name: path, expected: 'finite numbers', got: `${latents[wrong]} at ${wrong}` });
  return latents;
}

/** Whether these are latents of this size. */
function fits(shape: StoredArray['shape'], latentDim: number): boolean {
  const [count = 1, size, ...rest] = shape.length === 1 ? [1, ...shape] : shape;
  return size === latentDim && count >= 1 && rest.every((dim) => dim === 1);
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
