/** @file Decodes picture files in groups, one group ahead of the one in use. */
import { stat } from 'node:fs/promises';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';

/** A file that could not be read as a picture. */
export interface SkippedPicture {
  picture: string;
  reason: string;
}

/** A file of the list: with its picture, or why it has none. */
export type DecodedFile = { index: number; path: string; stamp: string } & ({ picture: Picture } | { reason: string });

/** Largest number of pictures in a group, and of pixels after which a group ends. */
const GROUP = 8;
const GROUP_PIXELS = 16_000_000;

/** Size and modification time of a file, to detect changes. */
export async function stampOf(path: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  return info ? `${info.size} ${info.mtimeMs}` : '';
}

/** The files from position `start` on, in groups that fit into memory. */
export async function* decodedGroups(
  paths: readonly string[],
  start: number,
  signal?: AbortSignal,
): AsyncGenerator<DecodedFile[]> {
  let group: DecodedFile[] = [];
  let pixels = 0;
  for (const [at, path] of paths.slice(start).entries()) {
    if (signal?.aborted) return;
    const file = await decodedFile(path, start + at);
    group.push(file);
    if ('picture' in file) pixels += file.picture.width * file.picture.height;
    if (group.length < GROUP && pixels < GROUP_PIXELS) continue;
    yield group;
    [group, pixels] = [[], 0];
  }
  if (group.length > 0) yield group;
}

async function decodedFile(path: string, index: number): Promise<DecodedFile> {
  const file = { index, path, stamp: await stampOf(path) };
  try {
    return { ...file, picture: await decodePicture(path) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...file, reason: error.message };
  }
}

/** The same values; the next one is computed while the last one is in use. */
export async function* oneAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = source.next();
      // Its error is thrown when it is awaited.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await source.return(undefined).catch(() => undefined);
  }
}
