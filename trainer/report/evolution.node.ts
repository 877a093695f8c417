/** @file evolution.webp: the sample grids of a run one after the other. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canvasPicture, figureCanvas, pictureCanvas } from '../../inference/figures/canvas.node.js';
import { FONT_FAMILY } from '../../inference/figures/theme.js';
import { ifThere } from '../../inference/files/missing.node.js';
import { decodePicture, encodeAnimation } from '../../inference/pictures/pictures.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { resizedPicture } from '../../inference/pictures/resize.js';

/** Limits on the size of the animation, for runs of any length and pictures of any size. */
const MAX_FRAMES = 48;
const MAX_SIDE = 640;
const FPS = 6;
/** How many frames show the last grid. */
const HELD = 9;
const STRIP = 34;

/** Paths of a run's sample grids with their steps, in the order of steps. */
export async function sampleGrids(run: string): Promise<{ step: number; path: string }[]> {
  const folder = join(run, 'samples');
  const names = (await ifThere(readdir(folder), folder)) ?? [];
  return names
    .flatMap((name) => {
      const step = /^step-(\d{7,})\.png$/.exec(name)?.[1];
      return step === undefined ? [] : [{ step: Number(step), path: join(folder, name) }];
    })
    .toSorted((a, b) => a.step - b.step);
}

/**
 * The animation of the grids up to step `done`, each with its step below; of many grids an even selection.
 * @returns the bytes of a WebP file, or undefined where there are fewer than two grids
 */
export async function evolutionWebp(run: string, done: number): Promise<Uint8Array | undefined> {
  const grids = (await sampleGrids(run)).filter(({ step }) => step <= done);
  if (grids.length < 2) return undefined;
  const count = Math.min(MAX_FRAMES, grids.length);
  const frames: Picture[] = [];
  for (let frame = 0; frame < count; frame++) {
    const grid = grids[Math.round((frame * (grids.length - 1)) / (count - 1))] as { step: number; path: string };
    frames.push(labelled(await decodePicture(grid.path), grid.step));
  }
  const last = frames.at(-1) as Picture;
  return encodeAnimation([...frames, ...Array<Picture>(HELD).fill(last)], { format: 'webp', fps: FPS, loop: true });
}

/** The grid, reduced if it is large, above a strip with the step. */
function labelled(grid: Picture, step: number): Picture {
  const scale = Math.min(1, MAX_SIDE / Math.max(grid.width, grid.height));
  const size = { width: Math.round(grid.width * scale), height: Math.round(grid.height * scale) };
  const shown = scale < 1 ? resizedPicture(grid, { ...size, channels: 3, resize: 'squash' }) : grid;
  const canvas = figureCanvas(size.width, size.height + STRIP);
  const context = canvas.getContext('2d');
  context.fillStyle = 'black';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(pictureCanvas(shown), 0, 0);
  context.fillStyle = 'white';
  context.font = `16px "${FONT_FAMILY}"`;
  context.textBaseline = 'middle';
  context.fillText(`step ${step.toLocaleString('en-US')}`, 8, size.height + STRIP / 2, size.width - 16);
  return canvasPicture(canvas);
}
