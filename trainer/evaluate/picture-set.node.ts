/** @file A set of pictures to compare: a folder or archive, a generator's file, or a run. */
import { Generator, type GeneratorOptions } from '../../inference/networks/generator.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { PictureInput } from '../../inference/pictures/pictures.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import type { Device } from '../../inference/runtime/session.js';
import { loadCheckpoint } from '../checkpoint/checkpoint.node.js';
import type { Dataset } from '../data/sets/dataset.js';
import { ReadablePictures } from '../data/sets/readable.js';
import { generatedCandidates, realCandidates, type Candidates } from '../quality/candidates.js';
import { generatorOnnx } from '../run/export.node.js';
import { openSetData, type SetDescription } from './set-description.node.js';

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
  /** Files that were skipped before any was decoded. */
  readonly skipped: readonly string[];
  /** Where its pictures are files. */
  readonly dataset?: Dataset | undefined;
  /** Its pictures in the order in which they are chosen, brought to a format. */
  candidates(format: PictureFormat | undefined): Candidates;
  release(): Promise<void>;
}

export interface PictureSetOptions {
  strict?: boolean | undefined;
  device?: Device | undefined;
  /** How generators are read: range, latent size, distribution, class and further inputs. */
  generator?: GeneratorReading | undefined;
}

/** Options of reading generators. */
export type GeneratorReading = Pick<
  GeneratorOptions,
  'range' | 'latentDim' | 'latentDistribution' | 'label' | 'inputs'
>;

/**
 * Opens a set of pictures.
 * @param name what it is called
 * @throws InputError if it cannot be used
 */
export async function openPictureSet(
  set: SetDescription,
  name: string,
  { generator, device, strict }: PictureSetOptions,
): Promise<PictureSet> {
  if (set.kind === 'data') return realSet(set, name, strict);
  const running = device === undefined ? {} : { device };
  if (set.kind === 'generator') return generatedSet(name, await Generator.load(set.path, { ...generator, ...running }));
  // Of a run's own generator everything is known but the class.
  const { state, config } = await loadCheckpoint(set.path);
  const label = generator?.label ?? (config.conditional ? 'random' : undefined);
  const reading = { ...running, ...(label !== undefined && { label }) };
  const own = generatedSet(name, await Generator.load(generatorOnnx(state, config), reading));
  const assumptions = own.assumptions.map(({ options, ...each }) => {
    return { ...each, options: options.filter((option) => option === 'label') };
  });
  return { ...own, assumptions };
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

async function realSet(
  set: Extract<SetDescription, { kind: 'data' }>,
  name: string,
  strict: boolean | undefined,
): Promise<PictureSet> {
  const dataset = await openSetData(set);
  const pictures = new ReadablePictures(dataset, strict);
  pictures.checkNoneSkipped();
  return {
    name,
    length: dataset.length,
    dataset,
    format: undefined,
    assumptions: (dataset.assumed ?? [])
      .filter(({ about }) => about !== 'classes')
      .map((each) => ({ ...each, about: `${each.about} of ${name}` })),
    skipped: dataset.skipped,
    candidates: (format) =>
      realCandidates(pictures, 0, (picture) =>
        format ? resizedPicture(picture, { ...format, channels: format.channels === 1 ? 1 : 3 }) : picture,
      ),
    release: () => Promise.resolve(),
  };
}
