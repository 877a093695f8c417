/** @file Data sets made on the fly in a folder of their own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import type { Dataset } from './sets/dataset.js';
import type { Loader, LoaderConfig } from './loader.node.js';

/** Where test folders are made; removed at the end. */
export const base = await mkdtemp(join(tmpdir(), 'ganscope-data-'));
afterAll(() => rm(base, { recursive: true, force: true }));

/** Pictures that are shared beside the repository; tests with them are skipped where they are not. */
export const sharedData = fileURLToPath(new URL('../../../../shared/data', import.meta.url));

/** A flat grey RGB picture, 4×3. */
export function flat(level: number): Picture {
  return { width: 4, height: 3, channels: 3, data: new Uint8Array(36).fill(level) };
}

/** A new folder: flat pictures of the given levels, and files of the given text or bytes. */
export async function folderOf(files: Record<string, number | string | Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(base, 'set-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), typeof content === 'number' ? await encodePng(flat(content)) : content);
  }
  return folder;
}

/** The first byte of each picture. */
export function levels(dataset: Dataset): Promise<(number | undefined)[]> {
  return Promise.all(Array.from({ length: dataset.length }, async (_, i) => (await dataset.picture(i)).data[0]));
}

/** The class of each picture by name. */
export function classNames({ labels }: Dataset): string[] {
  return [...(labels?.indices ?? [])].map((index) => labels?.classes[index] ?? '?');
}

/** An IDX file of unsigned bytes. */
export function idxFile(dims: readonly number[], data: readonly number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  header.setUint32(0, 0x0800 + dims.length);
  dims.forEach((size, axis) => header.setUint32(4 + 4 * axis, size));
  return Buffer.concat([new Uint8Array(header.buffer), Uint8Array.from(data)]);
}

/** Grey 8×8 pictures whose network input is their levels, 0…255. */
export const loaderConfig: LoaderConfig = {
  imageSize: 8,
  channels: 1,
  resize: 'crop',
  flip: false,
  normalization: { mean: [0], std: [1 / 255] },
  batchSize: 4,
  seed: 1,
  heldOut: 0,
};

/** Flat grey pictures, picture i of level i; those in `broken` cannot be decoded. Counts how often each is decoded. */
export function numbered(length: number, broken: readonly number[] = []) {
  const decoded = Array.from({ length }, () => 0);
  const dataset: Dataset = {
    name: `${length} numbers`,
    length,
    skipped: ['link.png: a link that leads nowhere'],
    async picture(index): Promise<Picture> {
      decoded[index] = (decoded[index] ?? 0) + 1;
      // Later pictures are often ready first.
      await new Promise((resolve) => setTimeout(resolve, (7 * index) % 3));
      if (broken.includes(index)) throw new InputError(`${index}.png: expected a picture`);
      return { width: 10, height: 9, channels: 3, data: new Uint8Array(270).fill(index) };
    },
  };
  return { dataset, decoded };
}

/** The numbers of the pictures in a batch of `numbered` pictures. */
export const numbersIn = (batch: Float32Array) =>
  Array.from({ length: batch.length / 64 }, (_, i) => Math.round(batch[64 * i] ?? -1));
/** The numbers of the pictures in some batches. */
export async function batches(loader: Loader, steps: readonly number[]): Promise<number[][]> {
  const found: number[][] = [];
  for (const step of steps) found.push(numbersIn(await loader.batch(step)));
  return found;
}
