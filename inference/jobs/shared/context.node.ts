/** @file The context of a job: the generator, and callbacks for progress and pictures. */
import { InputError } from '../../../onnx/errors.js';
import type { Generator } from '../../networks/generator.js';
import { loadLatents, saveLatents } from '../../latent/files/latents-file.node.js';
import { MAX_SEEDS, seedsWithin, type LatentSource } from '../../latent/latents.js';
import type { Assumption } from '../../graphs/assumption.js';
import type { ParsedInput } from '../../parse/inputs.js';
import type { Preparation } from '../../networks/network-input.js';
import type { Picture } from '../../pictures/pictures.js';
import type { PictureSize } from '../../pictures/pixels.js';
import type { TaskEngine } from '../../tasks/engine.js';
import type { CommonJob } from '../options/source.js';
import { enlargedPicture } from '../../pictures/resize.js';
import { scaledSize, type Scale } from '../options/scale.js';

/** What is known of a picture: a line of JSON. */
export interface PictureRecord {
  /** Position among the pictures of the job. */
  index: number;
  /** The seed, where it was made from one. */
  seed?: number;
  /** The file that holds it, and the frame, row or cell in it. */
  file: string;
  [detail: string]: string | number | undefined;
}

export interface JobContext {
  /** The generator's file. */
  model: string;
  generator: Generator;
  /** The numbers of black and white that the generator was loaded with, where somebody stated them: for other processes. */
  range?: readonly [number, number];
  /** The further inputs that the generator was loaded with, and where their numbers came from: for other processes. */
  inputs?: Readonly<Record<string, ParsedInput>>;
  /** Who runs the tasks of bulk jobs; this process alone if not given. */
  engine?: TaskEngine;
  /** How pictures are prepared for the discriminator, where its file says otherwise. */
  preparation?: Preparation;
  signal?: AbortSignal;
  /** Called with how much is done, in pictures or steps. */
  progress?: (done: number, total: number, note?: string) => void;
  /** Called for each picture once it is on disk. */
  record?: (record: PictureRecord) => void;
  /** Told what was assumed of further networks. */
  assumed?: (assumptions: readonly Assumption[]) => void;
  /** Told of the files that were skipped, with the reasons. */
  skipped?: (reasons: readonly string[]) => void;
  /** Called with lines for the user. */
  log?: (line: string) => void;
}

/** Latents in memory with the seeds they come from, if they do. */
export interface ChosenLatents {
  /** [N, Z] */
  latents: Float32Array;
  count: number;
  seeds: readonly number[] | undefined;
}

/** Largest sum of all pictures that are held in memory, in bytes. */
const MAX_BYTES = 2 ** 30;

/** The latents of a source. @throws InputError as `loadLatents` and `Generator.latents` */
export async function chosenLatents(
  source: LatentSource,
  generator: Pick<Generator, 'latentDim' | 'latents'>,
  truncation: number | undefined,
): Promise<ChosenLatents> {
  if ('file' in source) {
    const { latentDim } = generator;
    const latents = await loadLatents(source.file, latentDim);
    return { latents, count: latents.length / latentDim, seeds: undefined };
  }
  const seeds = seedsWithin(source.seeds, 0, MAX_SEEDS);
  return { latents: generator.latents(seeds, truncation), count: seeds.length, seeds };
}

/**
 * The pictures of latents that fit into memory, enlarged as the job says, with progress; the latents are saved where the job asks for it.
 * @param option the option that says how many there are, for the error
 * @param classes the pictures of class 0, then those of class 1 and so on, up to so many classes; by default those of the generator's own
 * @throws InputError if they would not fit
 */
export async function jobPictures(
  job: Pick<CommonJob, 'saveLatents'> & { scale?: Scale | undefined },
  latents: Float32Array,
  option: string,
  { generator, signal, progress }: JobContext,
  classes?: number,
): Promise<Picture[]> {
  const { latentDim } = generator;
  const { scale } = job;
  const count = latents.length / latentDim;
  const total = count * (classes ?? 1);
  checkPictures(total, option, scaledSize(generator, scale));
  if (job.saveLatents !== undefined) await saveLatents(job.saveLatents, latents, latentDim);
  const pictures: Picture[] = [];
  for (const label of classes === undefined ? [undefined] : Array(classes).keys()) {
    const before = pictures.length;
    const made = await generator.pictures(latents, {
      progress_callback: ({ loaded }) => progress?.(before + loaded, total),
      ...(label !== undefined && { label }),
      ...(signal && { signal }),
    });
    pictures.push(...made);
  }
  return scale ? pictures.map((picture) => enlargedPicture(picture, scale.factor, scale.kernel)) : pictures;
}

/** @throws InputError, naming the option that says how many there are, if so many pictures do not fit into memory */
export function checkPictures(count: number, option: string, { channels, height, width }: PictureSize): void {
  const most = Math.floor(MAX_BYTES / (channels * height * width));
  if (count <= most) return;
  throw new InputError({ name: option, expected: `at most ${most} pictures of ${width}×${height}`, got: count });
}

/** Records the pictures of a grid, with what else is known of each. */
export function recordCells(
  { record }: JobContext,
  file: string,
  count: number,
  columns: number,
  details: (index: number) => Partial<PictureRecord> = () => ({}),
): void {
  for (let index = 0; record && index < count; index++) {
    record({ index, ...details(index), file, column: index % columns, row: Math.floor(index / columns) });
  }
}
