/** @file Files that show an animation: the animation itself, its frames and a filmstrip. */
import { basename, join } from 'node:path';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { numberedPath, type Numbering, type OwnedFiles } from '../../files/owned-files.js';
import type { AnimationFormat, AnimationOptions } from '../../pictures/animation.js';
import { pictureGrid } from '../../pictures/grid.js';
import type { PictureRecord } from '../shared/context.node.js';
import { namesFile } from '../options/checks.js';
import { encodeAnimation, encodePng } from '../../pictures/pictures.node.js';
import type { Picture } from '../../pictures/pictures.js';

/** Frames of a filmstrip. */
const FILMSTRIP = 10;
/** Frames that are encoded and written at a time. */
const PARALLEL = 16;

/** An animation as a file holds it, and its frames. */
export interface EncodedAnimation {
  format: AnimationFormat;
  bytes: Uint8Array;
  frames: readonly Picture[];
}

/** Nothing is written yet. @throws InputError as `encodeAnimation` */
export async function encodedAnimation(
  frames: readonly Picture[],
  options: AnimationOptions,
): Promise<EncodedAnimation> {
  return { format: options.format, bytes: await encodeAnimation(frames, options), frames };
}

/**
 * Writes an animation. Into a folder: the animation, a filmstrip of evenly spaced frames, and all frames under `frames/`.
 * Existing files are replaced.
 * @param out a folder, or a file of the format's extension for the animation alone
 * @param name of the animation in a folder, without extension
 * @param record told of each frame once it is written
 * @returns the files written, the frames as one pattern
 * @throws InputError if the extension of `out` is not that of the format
 */
export async function writeAnimation(
  out: string,
  name: string,
  { format, bytes, frames }: EncodedAnimation,
  record?: (record: PictureRecord) => void,
): Promise<string[]> {
  if (namesFile(out, [`.${format}`])) {
    await writeFileAtomic(out, bytes);
    frames.forEach((_, index) => record?.({ index, file: out }));
    return [out];
  }
  const { names, numbered } = animationFiles(name, format, frames.length);
  const [moving, strip] = names.map((each) => join(out, each)) as [string, string];
  await writeFileAtomic(moving, bytes);
  const shown = filmstripFrames(frames);
  await writeFileAtomic(strip, await encodePng(pictureGrid(shown, shown.length)));
  const path = (index: number) => join(out, numberedPath(numbered, index));
  for (let start = 0; start < frames.length; start += PARALLEL) {
    const batch = frames.slice(start, start + PARALLEL);
    await Promise.all(batch.map(async (frame, i) => writeFileAtomic(path(start + i), await encodePng(frame))));
    batch.forEach((_, i) => record?.({ index: start + i, file: path(start + i) }));
  }
  const last = basename(path(frames.length - 1));
  return [moving, strip, `${path(0).slice(0, -'.png'.length)}…${last}`];
}

/** The files of an animation in a folder. */
export function animationFiles(
  name: string,
  format: AnimationFormat,
  count: number,
): OwnedFiles & { numbered: Numbering } {
  return {
    names: [`${name}.${format}`, 'filmstrip.png'],
    numbered: { in: 'frames', extension: 'png', count },
  };
}

/** Evenly spaced frames, the first and the last among them. */
function filmstripFrames(frames: readonly Picture[]): Picture[] {
  const count = Math.min(FILMSTRIP, frames.length);
  return Array.from(
    { length: count },
    (_, i) => frames[Math.round((i * (frames.length - 1)) / Math.max(count - 1, 1))] as Picture,
  );
}
