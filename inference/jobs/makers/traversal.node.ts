/** @file Makes a traversal job's picture and animation. */
import { extname, join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { loadModel } from '../../../onnx/files/load.node.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { concatenated } from '../../numeric/concatenated.js';
import { axisDirection, walkedLatents, type DirectionChoice } from '../../latent/directions.js';
import { firstFeatureDirections } from '../../generators/first-features.js';
import { interpolatedLatents } from '../../latent/interpolate.js';
import {
  animationFiles,
  encodedAnimation,
  writeAnimation,
  type EncodedAnimation,
} from '../files/animation-files.node.js';
import { inJobFolder } from '../files/job-folder.node.js';
import { checkFrame } from '../../pictures/animation.js';
import type { Picture } from '../../pictures/pictures.js';
import { sheetPicture, sheetPng } from '../../figures/sheet.node.js';
import {
  checkPictures,
  chosenLatents,
  jobPictures,
  recordCells,
  type JobContext,
  type PictureRecord,
} from '../shared/context.node.js';
import { columnsFor } from '../options/grid.js';
import { extensionOf, namesFile } from '../options/checks.js';
import { checkRows, type TraversalJob } from '../kinds/traversal.js';

/** Names in the job's folder. */
const [ANIMATION, FIGURE] = ['traversal', 'traversal.png'];

interface Direction {
  label: string;
  direction: Float32Array;
}

/** A latent that is walked along a direction. */
interface Walk {
  label: string;
  origin: Float32Array;
  direction: Float32Array;
}

/** Largest sum of an animation's frames, which are held in memory, in bytes. */
const MAX_ANIMATION_BYTES = 2 ** 30;

/**
 * Writes rows of pictures along the directions as one PNG and, where the job asks for it, an animation beside, which goes
 * forth and back in all rows at once; existing files are replaced. Returns the files.
 */
export async function writeTraversal(job: TraversalJob, context: JobContext): Promise<string[]> {
  const { animation, out } = job;
  const alone = animation === undefined || namesFile(out, ['.png', `.${animation.format}`]);
  const files = alone ? undefined : animationFiles(ANIMATION, animation.format, animation.frames);
  const all = files && { ...files, names: [...files.names, FIGURE] };
  return inJobFolder(job, all, context, (begin) => writeFigures(job, context, begin));
}

async function writeFigures(job: TraversalJob, context: JobContext, begin: () => Promise<void>): Promise<string[]> {
  const { latentDim } = context.generator;
  const chosen = await chosenLatents(job.source, context.generator, job.truncation);
  checkRows(chosen.count, job.directions);
  const directions = await directionsOf(job.directions, context);
  const source = (index: number) => (chosen.seeds ? `seed ${chosen.seeds[index]}` : `row ${index}`);
  const walks = directions.flatMap(({ label, direction }) =>
    Array.from({ length: chosen.count }, (_, i) => ({
      label: directions.length > 1 ? label : source(i),
      origin: chosen.latents.subarray(i * latentDim, (i + 1) * latentDim),
      direction,
    })),
  );
  const title = directions.length > 1 ? `${source(0)} along several directions` : `along ${directions[0]?.label ?? ''}`;
  const file = figureFile(job);
  // Each cell says its direction, and the sheet is narrow.
  const sheet = animationSheet(walks, directions.length > 1 ? source(0) : title);
  if (job.animation) checkAnimation(job.animation, walks.length, sheet, context);
  const figure = await drawnFigure(job, walks, title, context);
  const animation = job.animation && (await drawnAnimation(job.animation, job.extent, walks, sheet, context));
  await begin();
  await writeFileAtomic(file, figure.png);
  recordCells(context, file, figure.pictures, job.steps);
  if (!animation) return [file];
  const { record } = context;
  const recordFrame = (told: PictureRecord) =>
    record?.({ ...told, index: figure.pictures + told.index, frame: told.index });
  const out = extensionOf(job.out) === '.png' ? withExtension(job.out, animation.format) : job.out;
  return [file, ...(await writeAnimation(out, ANIMATION, animation, recordFrame))];
}

/** The still figure's file: in a folder, or of the name of the animation. */
function figureFile({ out, animation }: TraversalJob): string {
  if (!namesFile(out, ['.png', ...(animation ? [`.${animation.format}`] : [])])) return join(out, FIGURE);
  return extensionOf(out) === '.png' ? out : withExtension(out, 'png');
}

/** The still figure, and how many pictures are in it. */
async function drawnFigure(
  job: TraversalJob,
  walks: readonly Walk[],
  title: string,
  context: JobContext,
): Promise<{ png: Uint8Array; pictures: number }> {
  const rows = walks.map(({ origin, direction }) => walkedLatents(origin, direction, job.extent, job.steps));
  const pictures = await jobPictures(job, concatenated(rows), 'frames', context);
  const cells = pictures.map((picture, i) => ({ picture, caption: caption(i) }));
  return { png: sheetPng({ cells, columns: job.steps, title }), pictures: pictures.length };

  /** How far along, and what the row is under the picture in the middle (of an even number, the first). */
  function caption(index: number): string {
    const step = index % job.steps;
    const along = job.extent * ((2 * step) / (job.steps - 1) - 1);
    if (step !== (job.steps % 2 === 1 ? (job.steps - 1) / 2 : 0)) return signed(along);
    return walks[Math.floor(index / job.steps)]?.label ?? '';
  }
}

/** One frame, of a picture for each walk. */
type Sheet = (picture: (walk: number) => Picture) => Picture;

function animationSheet(walks: readonly Walk[], title: string): Sheet {
  const columns = columnsFor(walks.length, undefined);
  return (picture) =>
    sheetPicture({ cells: walks.map(({ label }, i) => ({ picture: picture(i), caption: label })), columns, title });
}

/** @throws InputError if a frame does not fit into the format, or so many, or the pictures in them, into memory */
function checkAnimation(
  { frames, format }: NonNullable<TraversalJob['animation']>,
  walks: number,
  sheet: Sheet,
  { generator }: JobContext,
): void {
  checkPictures(frames * walks, 'frames', generator);
  const { channels, width, height } = generator;
  const blank = { channels, width, height, data: new Uint8Array(channels * width * height) };
  const frame = sheet(() => blank);
  checkFrame(format, frame);
  const most = Math.floor(MAX_ANIMATION_BYTES / frame.data.length);
  if (frames <= most) return;
  throw new InputError({
    name: 'frames',
    expected: `at most ${most} frames of ${frame.width}×${frame.height}`,
    got: frames,
  });
}

/** All walks side by side, from one end to the other and back. */
async function drawnAnimation(
  animation: NonNullable<TraversalJob['animation']>,
  extent: number,
  walks: readonly Walk[],
  sheet: Sheet,
  context: JobContext,
): Promise<EncodedAnimation> {
  const { frames, easing } = animation;
  const { latentDim } = context.generator;
  const paths = walks.map(({ origin, direction }) => {
    const ends = walkedLatents(origin, direction, extent, 2);
    const keyframes = [ends.subarray(0, latentDim), ends.subarray(latentDim)];
    return interpolatedLatents(keyframes, { frames, mode: 'lerp', loop: true, easing });
  });
  const made = await jobPictures({ saveLatents: undefined }, concatenated(paths), 'frames', context);
  const shown = Array.from({ length: frames }, (_, frame) => sheet((walk) => made[walk * frames + frame] as Picture));
  return encodedAnimation(shown, { ...animation, loop: true });
}

const withExtension = (file: string, extension: string) => `${file.slice(0, -extname(file).length)}.${extension}`;

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

async function directionsOf(choice: DirectionChoice, { model, generator, log }: JobContext): Promise<Direction[]> {
  if (choice.kind === 'numbers') {
    return choice.indices.map((index) => ({
      label: `z[${index}]`,
      direction: axisDirection(index, generator.latentDim),
    }));
  }
  const found = await firstFeatureDirections(
    await loadModel(model),
    generator.latentDim,
    Math.max(...choice.components),
    generator,
  );
  return choice.components.map((component) => {
    const { direction, share } = found[component - 1] as (typeof found)[number];
    const label = `component ${component}`;
    log?.(`${label}: ${(100 * share).toFixed(1)} % of the variance of the first features`);
    return { label, direction };
  });
}
