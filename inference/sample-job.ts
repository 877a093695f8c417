/** @file What to sample, from the words of a command line: each option checked, and those that exclude each other. */
import { InputError } from '../onnx/errors.js';
import { interpolatedLatents, MAX_FRAMES, type InterpolationMode } from './interpolate.js';
import { normalLatents, parseSeeds, seedsFrom } from './latents.js';
import type { PictureSize } from './pixels.js';

/** What a user may ask for; each option may be left out. */
export interface SampleRequest {
  /** First of consecutive seeds, default 0. */
  seed?: number | undefined;
  /** Seeds such as `0,1,4-6`. */
  seeds?: string | undefined;
  /** Pictures of a grid, default 64. */
  count?: number | undefined;
  /** Columns × rows, such as `8x8`. */
  grid?: string | undefined;
  /** `slerp`, `lerp`, or nothing for `slerp`; makes it an interpolation. */
  interpolate?: string | undefined;
  frames?: number | undefined;
  keyframes?: number | undefined;
  loop?: boolean | undefined;
  fps?: number | undefined;
  format?: 'webp' | 'gif' | undefined;
  /** A file, or a folder. */
  out?: string | undefined;
}

/** Pictures of seeds, side by side. */
export interface GridJob {
  kind: 'grid';
  seeds: number[];
  columns: number;
  out: string;
}

/** A walk through the latents of seeds. */
export interface InterpolationJob {
  kind: 'interpolation';
  seeds: number[];
  mode: InterpolationMode;
  frames: number;
  loop: boolean;
  fps: number;
  format: 'webp' | 'gif';
  out: string;
}

const GRID_ONLY = ['count', 'grid'] as const;
const INTERPOLATION_ONLY = ['frames', 'keyframes', 'loop', 'fps', 'format'] as const;
const EXCLUSIVE = [
  ['seeds', 'seed'],
  ['seeds', 'count'],
  ['seeds', 'keyframes'],
] as const;
/** Largest sum of all pictures of a job, in bytes: they are held in memory. */
const MAX_BYTES = 2 ** 30;
const MAX_FPS = 50;
const PICTURE_EXTENSIONS = ['.png', '.webp', '.gif', '.jpg', '.jpeg', '.mp4', '.webm'];

/**
 * A request with every default filled in.
 * @throws InputError for values out of range, options that exclude each other, and options of the other kind of job
 */
export function sampleJob(request: SampleRequest): GridJob | InterpolationJob {
  for (const [one, other] of EXCLUSIVE) {
    if (request[one] !== undefined && request[other] !== undefined) {
      throw new InputError(`--${one}: expected it without --${other}; got both`);
    }
  }
  return request.interpolate === undefined ? gridJob(request) : interpolationJob(request, request.interpolate);
}

function gridJob(request: SampleRequest): GridJob {
  const stray = INTERPOLATION_ONLY.find((name) => request[name] !== undefined);
  if (stray) throw new InputError(`--${stray}: expected it together with --interpolate; got it alone`);
  const { seed = 0, out = 'samples.png' } = request;
  namesFile(out, ['.png']);
  const cells = request.grid === undefined ? undefined : parsedGrid(request.grid);
  const count = request.count ?? (cells ? cells.columns * cells.rows : 64);
  const seeds = request.seeds === undefined ? seedsFrom(seed, count) : parseSeeds(request.seeds);
  const columns = cells?.columns ?? Math.ceil(Math.sqrt(seeds.length));
  if (cells && seeds.length > cells.columns * cells.rows) {
    throw new InputError(
      `--grid: expected at least ${seeds.length} cells, one per picture; got ${cells.columns}x${cells.rows}`,
    );
  }
  return { kind: 'grid', seeds, columns, out };
}

function interpolationJob(request: SampleRequest, interpolate: string): InterpolationJob {
  const stray = GRID_ONLY.find((name) => request[name] !== undefined);
  if (stray) throw new InputError(`--${stray}: expected it without --interpolate; got both`);
  const mode = interpolate === '' ? 'slerp' : interpolate;
  if (mode !== 'slerp' && mode !== 'lerp') {
    throw new InputError(`--interpolate: expected slerp, lerp or nothing; got ${JSON.stringify(mode)}`);
  }
  const { seed = 0, keyframes = 4, frames = 60, loop = false, fps = 24, out = 'interpolation' } = request;
  inRange('keyframes', keyframes, 2, 1000);
  inRange('frames', frames, 1, MAX_FRAMES);
  if (!(fps > 0 && fps <= MAX_FPS)) {
    throw new InputError(`--fps: expected a number above 0 and at most ${MAX_FPS}; got ${fps}`);
  }
  const seeds = request.seeds === undefined ? seedsFrom(seed, keyframes) : parseSeeds(request.seeds);
  if (seeds.length < 2) throw new InputError(`--seeds: expected at least 2 to walk between; got ${seeds.length}`);
  if (seeds.length > frames) {
    throw new InputError(`--frames: expected at least one per key frame, ${seeds.length}; got ${frames}`);
  }
  const format = request.format ?? (out.toLowerCase().endsWith('.gif') ? 'gif' : 'webp');
  namesFile(out, [`.${format}`]);
  return { kind: 'interpolation', seeds, mode, frames, loop, fps, format, out };
}

/**
 * The latents of a job, [N, Z].
 * @throws InputError if its pictures would not fit into memory
 */
export function jobLatents(
  job: GridJob | InterpolationJob,
  generator: PictureSize & { latentDim: number },
): Float32Array {
  const { channels, height, width, latentDim } = generator;
  const count = job.kind === 'grid' ? job.seeds.length : job.frames;
  const most = Math.floor(MAX_BYTES / (channels * height * width));
  if (count > most) {
    const option = job.kind === 'grid' ? '--count' : '--frames';
    throw new InputError(`${option}: expected at most ${most} pictures of ${width}×${height}; got ${count}`);
  }
  const latents = normalLatents(job.seeds, latentDim);
  if (job.kind === 'grid') return latents;
  const keyframes = job.seeds.map((_, i) => latents.subarray(i * latentDim, (i + 1) * latentDim));
  return interpolatedLatents(keyframes, job);
}

/**
 * Whether `out` names a file of one of these kinds rather than a folder.
 * @param extensions such as `.png`
 * @throws InputError if it names a picture or video file of another kind, or nothing
 */
export function namesFile(out: string, extensions: readonly string[]): boolean {
  const extension = /\.[^./\\]+$/.exec(out)?.[0].toLowerCase() ?? '';
  if (extensions.includes(extension)) return true;
  if (out === '' || PICTURE_EXTENSIONS.includes(extension)) {
    throw new InputError(`--out: expected a folder or a ${extensions.join(' or ')} file; got ${JSON.stringify(out)}`);
  }
  return false;
}

function parsedGrid(text: string): { columns: number; rows: number } {
  const [, columns, rows] = /^([1-9]\d{0,4})[x×]([1-9]\d{0,4})$/i.exec(text.trim()) ?? [];
  if (!columns || !rows)
    throw new InputError(`--grid: expected columns × rows such as 8x8; got ${JSON.stringify(text)}`);
  return { columns: Number(columns), rows: Number(rows) };
}

function inRange(option: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InputError(`--${option}: expected an integer of ${least}…${most}; got ${value}`);
  }
}
