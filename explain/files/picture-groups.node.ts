/** @file Decodes picture files in groups, one group ahead of the one in use. */
import { stat } from 'node:fs/promises';
import { brokenPicture } from '../../inference/files/strict.js';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import type { Picture, PictureInput } from '../../inference/pictures/pictures.js';
import { decodeRaster } from '../../inference/rasters/raster-files.node.js';
import { preparedRaster, shownRaster } from '../../inference/rasters/raster.js';
import { InputError } from '../../onnx/errors.js';

/** A file that could not be read as a picture. */
export interface SkippedPicture {
  picture: string;
  reason: string;
}

/** A picture to look at; with numbers [C, H, W] for the network where the file holds its channels as they are. */
export interface DecodedPicture {
  picture: Picture;
  prepared?: Float32Array;
}

/** A file of the list: with its picture, or why it has none. */
export type DecodedFile = { index: number; path: string; stamp: string } & (DecodedPicture | { reason: string });

/** Largest number of pictures in a group, and of pixels after which a group ends. */
const GROUP = 8;
const GROUP_PIXELS = 16_000_000;

/** Size and modification time of a file, to detect changes. */
export async function stampOf(path: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  return info ? `${info.size} ${info.mtimeMs}` : '';
}

/** @param stamps of the first files, as a job had them @throws InputError if one of these has changed since */
export async function expectUnchanged(
  paths: readonly string[],
  stamps: readonly (string | undefined)[],
): Promise<void> {
  for (const [at, stamp] of stamps.entries()) {
    const path = paths[at];
    if (path === undefined || (await stampOf(path)) === stamp) continue;
    throw new InputError({ name: 'resume', expected: `the pictures of the same job; ${path} has changed since` });
  }
}

/** The files from position `start` on, in groups that fit into memory. */
export async function* decodedGroups(
  paths: readonly string[],
  { start, input, signal }: { start: number; input: PictureInput; signal?: AbortSignal | undefined },
): AsyncGenerator<DecodedFile[]> {
  let group: DecodedFile[] = [];
  let pixels = 0;
  for (const [at, path] of paths.slice(start).entries()) {
    if (signal?.aborted) return;
    const file = await decodedFile(path, start + at, input);
    group.push(file);
    if ('picture' in file) pixels += file.picture.width * file.picture.height;
    if (group.length < GROUP && pixels < GROUP_PIXELS) continue;
    yield group;
    [group, pixels] = [[], 0];
  }
  if (group.length > 0) yield group;
}

/** @throws InputError naming the first file that cannot be read as a picture: what `strict` asks for */
export async function expectAllRead(paths: readonly string[], input: PictureInput): Promise<void> {
  for (const [index, path] of paths.entries()) {
    const file = await decodedFile(path, index, input);
    if ('reason' in file) throw brokenPicture(file.reason);
  }
}

async function decodedFile(path: string, index: number, input: PictureInput): Promise<DecodedFile> {
  const file = { index, path, stamp: await stampOf(path) };
  try {
    const raster = await decodeRaster(path, input.channels);
    if (!raster) return { ...file, picture: await decodePicture(path) };
    return { ...file, picture: shownRaster(raster), prepared: preparedRaster(raster, input) };
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
