/** @file A set of pictures to compare: a folder or archive, a generator's file, or a run. */
import { Generator, type GeneratorOptions } from '../../inference/networks/generator.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { PictureInput } from '../../inference/pictures/pictures.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { isRun } from '../../inference/runs/runs.node.js';
import type { Device } from '../../inference/runtime/session.js';
import { loadCheckpoint } from '../checkpoint/checkpoint.node.js';
import { namedCheckpoint } from '../checkpoint/kept-checkpoints.node.js';
import { openDataset } from '../data/formats/table.node.js';
import type { DataOptions } from '../data/sets/dataset.js';
import { ReadablePictures } from '../data/sets/readable.js';
import { generatedCandidates, realCandidates, type Candidates } from '../quality/candidates.js';
import { generatorOnnx } from '../run/export.node.js';

/** Size and channels that pictures are brought to. */
export type PictureFormat = Pick<PictureInput, 'width' | 'height' | 'channels' | 'resize'>;

/** Pictures that can be compared with others. */
export interface PictureSet {
  /** What was compared, for people. */
  name: string;
  /** How many pictures there are; undefined where a generator makes them. */
  length: number | undefined;
  /** The format of generated pictures, to which real ones are brought. */
  format: PictureFormat | undefined;
  /** What was assumed of a generator, or of a folder's files. */
  readonly assumptions: readonly Assumption[];
  /** What was left out so far. */
  readonly skipped: readonly string[];
  /** Its pictures in the order in which they are chosen, brought to a format. */
  candidates(format: PictureFormat | undefined): Candidates;
  release(): Promise<void>;
}

export interface PictureSetOptions extends Pick<DataOptions, 'split' | 'followLinks'> {
  /** Of a run: `newest` (if not given), `best`, or a folder. */
  checkpoint?: string | undefined;
  strict?: boolean | undefined;
  device?: Device | undefined;
  /** How generators are read: range, latent size and class. */
  generator?: GeneratorReading | undefined;
}

/** Options of reading generators. */
export type GeneratorReading = Pick<GeneratorOptions, 'range' | 'latentDim' | 'label'>;

/** Size of built-in pictures, which are never opened here. */
const ANY_SIZE = 64;

/**
 * Opens a set of pictures.
 * @param source a folder or .zip of pictures, a generator's .onnx file, or the folder of a run
 * @throws InputError if it is none of these
 */
export async function openPictureSet(source: string, options: PictureSetOptions): Promise<PictureSet> {
  if (/\.onnx$/i.test(source)) return generatedSet(source, await Generator.load(source, deviceOf(options)));
  return (await isRun(source)) ? runSet(source, options) : realSet(source, options);
}

const deviceOf = ({ device, generator }: PictureSetOptions) => ({
  ...generator,
  ...(device !== undefined && { device }),
});

async function runSet(run: string, options: PictureSetOptions): Promise<PictureSet> {
  const checkpoint = await namedCheckpoint(run, options.checkpoint);
  const { state, config } = await loadCheckpoint(checkpoint);
  return generatedSet(checkpoint, await Generator.load(generatorOnnx(state, config), deviceOf(options)));
}

function generatedSet(name: string, generator: Generator): PictureSet {
  const { width, height, channels, metadata } = generator;
  return {
    name,
    length: undefined,
    format: { width, height, channels, resize: metadata?.resize ?? 'crop' },
    assumptions: generator.assumptions.map((each) => ({ ...each, about: `${each.about} of ${name}` })),
    skipped: [],
    candidates: () => generatedCandidates(name, (seeds) => generator.sample(seeds)),
    release: () => generator.dispose(),
  };
}

async function realSet(source: string, { split, followLinks, strict }: PictureSetOptions): Promise<PictureSet> {
  const dataset = await openDataset(source, { split, followLinks, imageSize: ANY_SIZE });
  const pictures = new ReadablePictures(dataset, strict);
  pictures.checkNoneSkipped();
  return {
    name: source,
    length: dataset.length,
    format: undefined,
    assumptions: (dataset.assumed ?? [])
      .filter(({ about }) => about !== 'classes')
      .map((each) => ({ ...each, about: `${each.about} of ${source}` })),
    get skipped() {
      return pictures.skipped;
    },
    candidates: (format) =>
      realCandidates(pictures, 0, (picture) =>
        format ? resizedPicture(picture, { ...format, channels: format.channels === 1 ? 1 : 3 }) : picture,
      ),
    release: () => Promise.resolve(),
  };
}
