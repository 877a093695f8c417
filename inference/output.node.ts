/** @file Files that show sampled pictures: a grid; an interpolation as frames, animation and filmstrip. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../onnx/files.node.js';
import { pictureGrid } from './grid.js';
import { encodedAnimation, encodedPng, type AnimationOptions } from './pictures.node.js';
import type { Picture } from './pictures.js';
import { namesFile } from './sample-job.js';

/** Frames of a filmstrip. */
const FILMSTRIP = 10;
const FRAME_NAME = /^(\d{5,})\.png$/;

/**
 * Writes pictures as one PNG. An existing file is replaced.
 * @param out a .png file, or a folder for `samples.png`
 * @param columns pictures per row
 * @returns the files written
 */
export async function writeGrid(out: string, pictures: readonly Picture[], columns: number): Promise<string[]> {
  const path = namesFile(out, ['.png']) ? out : join(out, 'samples.png');
  await writeFileAtomic(path, await encodedPng(pictureGrid(pictures, columns)));
  return [path];
}

/**
 * Writes an interpolation. Into a folder: the animation, a filmstrip of evenly spaced frames, and all frames under
 * `frames/`; frames that a longer interpolation left there are removed. Existing files are replaced.
 * @param out a folder, or a .webp or .gif file for the animation alone
 * @returns the files written, the frames as one pattern
 * @throws InputError as `encodedAnimation`, or if the extension of `out` is not that of the format
 */
export async function writeInterpolation(
  out: string,
  frames: readonly Picture[],
  options: AnimationOptions,
): Promise<string[]> {
  const animation = await encodedAnimation(frames, options);
  if (namesFile(out, [`.${options.format}`])) {
    await writeFileAtomic(out, animation);
    return [out];
  }
  const [moving, strip, folder] = [`interpolation.${options.format}`, 'filmstrip.png', 'frames'].map((name) =>
    join(out, name),
  ) as [string, string, string];
  await writeFileAtomic(moving, animation);
  const shown = filmstripFrames(frames);
  await writeFileAtomic(strip, await encodedPng(pictureGrid(shown, shown.length)));
  for (const [index, frame] of frames.entries()) {
    await writeFileAtomic(join(folder, frameName(index)), await encodedPng(frame));
  }
  await removeLaterFrames(folder, frames.length);
  return [moving, strip, join(folder, `${frameName(0).slice(0, -4)}…${frameName(frames.length - 1)}`)];
}

const frameName = (index: number) => `${String(index).padStart(5, '0')}.png`;

/** Evenly spaced frames, the first and the last among them. */
function filmstripFrames(frames: readonly Picture[]): Picture[] {
  const count = Math.min(FILMSTRIP, frames.length);
  return Array.from(
    { length: count },
    (_, i) => frames[Math.round((i * (frames.length - 1)) / Math.max(count - 1, 1))] as Picture,
  );
}

async function removeLaterFrames(folder: string, count: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const index = FRAME_NAME.exec(name)?.[1];
    if (index !== undefined && Number(index) >= count) await rm(join(folder, name));
  }
}
