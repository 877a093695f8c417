/** @file What a user may ask of gan-sample, and the checks that several kinds of job share. */
import { InputError } from '../../onnx/errors.js';
import { consecutiveSeeds, MAX_SEEDS, seedCount, seedRanges, type SeedRange } from '../latent/latents.js';

/** The words of a command line; each option may be left out. */
export interface SampleRequest {
  /** First of consecutive seeds, default 0. */
  seed?: number | undefined;
  /** Seeds such as `0,1,4-6`. */
  seeds?: string | undefined;
  /** A .npy or .json file of latents [N, Z]. */
  latents?: string | undefined;
  /** Draw numbers of larger magnitude again. */
  truncation?: number | undefined;
  /** A .npy or .json file for the latents of the pictures. */
  saveLatents?: string | undefined;
  count?: number | undefined;
  /** Columns × rows, such as `8x8`. */
  grid?: string | undefined;
  /** What each picture of a grid was made from, under it. */
  labels?: boolean | undefined;
  /** `slerp`, `lerp`, or nothing for `slerp`; makes it an interpolation. */
  interpolate?: string | undefined;
  frames?: number | undefined;
  /** How many key frames, or seeds such as `3,7,9`. */
  keyframes?: string | undefined;
  loop?: boolean | undefined;
  easing?: string | undefined;
  fps?: number | undefined;
  format?: string | undefined;
  /** Go on with an interrupted job. */
  resume?: boolean | undefined;
  /** Four seeds or a file of four latents; makes it a grid between them. */
  corners?: string | undefined;
  /** Sums and differences of latents; makes it their figure. */
  arithmetic?: string | undefined;
  /** Scale of the noise around the result of arithmetic. */
  noise?: number | undefined;
  /** Indices of a latent's numbers, or `principal` with or without numbers; makes it walks along these directions. */
  traverse?: string | undefined;
  /** How far walks go to either side. */
  extent?: number | undefined;
  /** A picture file; makes it a search for its latent. */
  project?: string | undefined;
  /** Updates of the search. */
  steps?: number | undefined;
  /** Starts of the search. */
  restarts?: number | undefined;
  learningRate?: number | undefined;
  /** Weight of the discriminator's features in the search. */
  featureWeight?: number | undefined;
  /** `score`: the most real pictures first. */
  sort?: string | undefined;
  /** How many of the sorted pictures to keep. */
  keep?: number | undefined;
  /** A folder of real pictures; makes it a histogram of scores. */
  real?: string | undefined;
  /** A discriminator's file. */
  discriminator?: string | undefined;
  /** A file, or a folder. */
  out?: string | undefined;
}

/** Where latents come from: seeds, or the rows of a file. */
export type LatentSource = { seeds: readonly SeedRange[] } | { file: string };

/** What every job has. */
export interface CommonJob {
  /** Seeds' latents are truncated to this magnitude. */
  truncation: number | undefined;
  saveLatents: string | undefined;
  out: string;
}

/** The most pictures of jobs whose memory does not grow with their number. */
export const MAX_COUNT = 1e9;

const PICTURE_EXTENSIONS = ['.png', '.webp', '.gif', '.jpg', '.jpeg', '.mp4', '.webm', '.npy', '.zip'];

/**
 * The latents that are asked for by `--latents`, `--seeds`, or `--seed` and a number of pictures.
 * @param count pictures where neither a file nor seeds are named
 * @param most pictures this kind of job can have
 * @throws InputError if two of them are given, or there are too many
 */
export function latentSource(request: SampleRequest, count: number, most = MAX_SEEDS): LatentSource {
  const { seed, seeds, latents, truncation } = request;
  if (latents !== undefined) {
    const stray = (['seeds', 'seed', 'count', 'truncation'] as const).find((name) => request[name] !== undefined);
    if (stray) throw new InputError({ name: 'latents', conflictsWith: stray });
    return { file: latents };
  }
  if (truncation !== undefined && !(truncation > 0)) {
    throw new InputError({ name: 'truncation', expected: 'a positive number', got: truncation });
  }
  if (seeds === undefined) return { seeds: [consecutiveSeeds(seed ?? 0, count, most)] };
  const stray = (['seed', 'count'] as const).find((name) => request[name] !== undefined);
  if (stray) throw new InputError({ name: 'seeds', conflictsWith: stray });
  return namedSource(seeds, 'seeds', most);
}

/** Latents named in one word: a .npy or .json file, or a list of seeds. @throws InputError for anything else */
export function namedSource(text: string, option: string, most = MAX_SEEDS): LatentSource {
  if (/\.(npy|json)$/i.test(text)) return { file: text };
  const ranges = seedRanges(text, option);
  if (seedCount(ranges) > most) throw new InputError({ name: option, expected: `at most ${most} seeds`, got: 'more' });
  return { seeds: ranges };
}

/** @throws InputError unless it is an integer of 0…2^53 − 1 */
export function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InputError({ name: 'seed', expected: 'an integer of 0…2^53 − 1', got: seed });
  }
}

/**
 * Whether `out` names a file of one of these kinds rather than a folder.
 * @param extensions such as `.png`
 * @throws InputError if it names a picture or video file of another kind, or nothing
 */
export function namesFile(out: string, extensions: readonly string[]): boolean {
  const extension = extensionOf(out);
  if (extensions.includes(extension)) return true;
  if (out === '' || PICTURE_EXTENSIONS.includes(extension)) {
    const file = extensions.length > 0 ? ` or a ${extensions.join(' or ')} file` : '';
    throw new InputError({ name: 'out', expected: `a folder${file}`, got: JSON.stringify(out) });
  }
  return false;
}

/** The extension in lower case with its dot, or nothing. */
export function extensionOf(path: string): string {
  return /\.[^./\\]+$/.exec(path)?.[0].toLowerCase() ?? '';
}

/** `8x8` as columns and rows. @throws InputError for anything else */
export function parsedGrid(text: string): { columns: number; rows: number } {
  const [, columns, rows] = /^([1-9]\d{0,4})[x×]([1-9]\d{0,4})$/i.exec(text.trim()) ?? [];
  if (!columns || !rows) {
    throw new InputError({ name: 'grid', expected: 'columns × rows such as 8x8', got: JSON.stringify(text) });
  }
  return { columns: Number(columns), rows: Number(rows) };
}

/** @throws InputError unless the value is an integer in the range */
export function checkInteger(option: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InputError({ name: option, expected: `an integer of ${least}…${most}`, got: value });
  }
}

/** One of a list of words. @throws InputError naming the alternatives */
export function oneOf<T extends string>(option: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    throw new InputError({ name: option, expected: `one of ${choices.join(', ')}`, got: JSON.stringify(value) });
  }
  return found;
}
