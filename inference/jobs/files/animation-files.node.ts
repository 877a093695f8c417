/** @file Files that show an animation: the animation itself, its frames and a filmstrip. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import type { AnimationOptions } from '../../pictures/animation.js';
import { pictureGrid } from '../../pictures/grid.js';
import type { PictureRecord } from '../shared/context.node.js';
import { namesFile } from '../options/checks.js';
import { encodeAnimation, encodePng } from '../../pictures/pictures.node.js';
import type { Picture } from '../../pictures/pictures.js';

/** Frames of a filmstrip. */
const FILMSTRIP = 10;
const FRAME_NAME = /^(\d{5,})\.png$/;
/** Frames that are encoded and written at a time. */
const PARALLEL = 16;

/**
 * Writes an animation. Into a folder: the animation, a filmstrip of evenly spaced frames, and all frames under `frames/`;
 * frames that a longer animation left there are removed. Existing files are replaced.
 * @param out a folder, or a file of the format's extension for the animation alone
 * @param name of the animation in a folder, without extension
 * @param record told of each frame once it is written
 * @returns the files written, the frames as one pattern
 * @throws InputError as `encodeAnimation`, or if the extension of `out` is not that of the format
 */
export async function writeAnimation(
  out: string,
  name: string,
  frames: readonly Picture[],
  options: AnimationOptions,
  record?: (record: PictureRecord) => void,
): Promise<string[]> {
  const animation = await encodeAnimation(frames, options);
  if (namesFile(out, [`.${options.format}`])) {
    await writeFileAtomic(out, animation);
    frames.forEach((_, index) => record?.({ index, file: out }));
    return [out];
  }
  const [moving, strip, folder] = [`${name}.${options.format}`, 'filmstrip.png', 'frames'].map((each) =>
    join(out, each),
  ) as [string, string, string];
  await writeFileAtomic(moving, animation);
  const shown = filmstripFrames(frames);
  await writeFileAtomic(strip, await encodePng(pictureGrid(shown, shown.length)));
  const path = (index: number) => join(folder, frameName(index));
  for (let start = 0; start < frames.length; start += PARALLEL) {
    const batch = frames.slice(start, start + PARALLEL);
    await Promise.all(batch.map(async (frame, i) => writeFileAtomic(path(start + i), await encodePng(frame))));
    batch.forEach((_, i) => record?.({ index: start + i, file: path(start + i) }));
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
