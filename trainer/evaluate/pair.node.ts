/** @file Two sets opened for comparing: whatever they are, candidates in a fixed order, and what is told of them. */
import { shownPath, shownText } from '../../inference/files/copies.node.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import { openSession } from '../../inference/runtime/runtime.node.js';
import { sessionTensor, type ResolvedDevice } from '../../inference/runtime/session.js';
import { InputError } from '../../onnx/index.js';
import { loadCheckpoint } from '../checkpoint/checkpoint.node.js';
import { openDataset } from '../data/formats/table.node.js';
import type { Dataset } from '../data/sets/dataset.js';
import { ReadablePictures } from '../data/sets/readable.js';
import type { Candidates } from '../quality/candidates.js';
import { assumedOfSubsets } from '../quality/distances.node.js';
import { assumedOfClasses, assumedOfReal, generatedLike, trainingCandidates } from '../quality/evaluator.node.js';
import { drawnClasses } from '../step/state/labels.js';
import type { FeatureNetwork } from '../quality/feature-network.node.js';
import type { MeasuredSet } from '../quality/measured-set.node.js';
import type { Distances, QualityRow } from '../quality/quality.js';
import { generatorOnnx } from '../run/export.node.js';
import { Releases } from '../run/releases.js';
import { openPictureSet, type GeneratorReading, type PictureSet } from './picture-set.node.js';
import type { PairDescription, SetDescription } from './set-description.node.js';

/** One of two compared sets. */
export interface ComparedSet {
  name: string;
  /** Pictures that were compared. */
  pictures: number;
}

/** What two sets have in common. */
export interface Comparison extends Distances {
  sets: [ComparedSet, ComparedSet];
  /** The network and layer whose features were compared. */
  features: string;
  /** How networks were read and pictures prepared, and the option that changes each. */
  assumed: readonly Assumption[];
  /** Duration in seconds. */
  seconds: number;
}

/** What an evaluation found: two sets, or a run and its training pictures. */
export type Evaluated =
  | { comparison: Omit<Comparison, 'seconds'> }
  | { row: Omit<QualityRow, 'seconds' | 'assumed'>; assumed: Assumption[] };

/** How sets are read. */
export interface PairOptions {
  /** Most pictures of each set. */
  samples: number;
  strict?: boolean | undefined;
  generator?: GeneratorReading | undefined;
  device: ResolvedDevice;
}

/** One of two sets that were opened. */
export interface OpenedSet {
  candidates: Candidates;
  /** Pictures that are measured, if enough can be decoded. */
  wanted: number;
  /** Files that were skipped before any was decoded. */
  skipped: readonly string[];
  dataset?: Dataset | undefined;
}

/** Two sets that can be compared. Release them when done. */
export interface OpenedPair {
  real: OpenedSet;
  fake: OpenedSet;
  /** What was compared, for people. */
  notes: string[];
  /** The result, given the numbers. */
  evaluated(found: {
    network: FeatureNetwork;
    real: MeasuredSet;
    fake: MeasuredSet;
    distances: Distances;
    subsetSize: number | undefined;
  }): Evaluated;
  release(): Promise<void>;
}

/** @throws InputError if a set cannot be used, or fewer than two pictures are wanted */
export async function openPair(
  { asTrained, sets }: PairDescription,
  options: PairOptions,
  names: readonly [string, string] = [nameOf(sets[0]), nameOf(sets[1])],
): Promise<OpenedPair> {
  const { samples } = options;
  if (!Number.isInteger(samples) || samples < 2) {
    throw new InputError({ name: 'samples', expected: 'a whole number of at least 2', got: samples });
  }
  return asTrained ? trainedPair(sets, options, names) : pairOfSets(sets, options, names);
}

const nameOf = ({ path }: SetDescription) => (path === null ? '' : shownPath(path));

/** What was left out of two sets, one line each. */
export function leftOut(pair: OpenedPair, real: MeasuredSet, fake: MeasuredSet): string[] {
  const broken = (set: MeasuredSet) => set.broken.map(({ reason }) => reason);
  return [...pair.real.skipped, ...broken(real), ...pair.fake.skipped, ...broken(fake)].map(shownText);
}

async function pairOfSets(
  descriptions: PairDescription['sets'],
  { samples, ...options }: PairOptions,
  names: readonly [string, string],
): Promise<OpenedPair> {
  const releases = new Releases();
  try {
    const sets: PictureSet[] = [];
    for (const [i, description] of descriptions.entries()) {
      const set = await openPictureSet(description, names[i] as string, options);
      releases.add(() => set.release());
      sets.push(set);
    }
    const [first, second] = sets as [PictureSet, PictureSet];
    // Where one of them is generated, the other is the real one.
    const isFirstReal = first.format === undefined || second.format !== undefined;
    const [asReal, asFake] = isFirstReal ? [first, second] : [second, first];
    const opened = (set: PictureSet, other: PictureSet): OpenedSet => ({
      candidates: set.candidates(set.format ? undefined : other.format),
      wanted: Math.min(samples, set.length ?? samples),
      skipped: set.skipped,
      dataset: set.dataset,
    });
    return {
      real: opened(asReal, asFake),
      fake: opened(asFake, asReal),
      notes: [`${first.name} against ${second.name}`, ...formatNotes(first, second)],
      evaluated: ({ network, real, fake, distances, subsetSize }) => ({
        comparison: {
          sets: [
            { name: first.name, pictures: (isFirstReal ? real : fake).count },
            { name: second.name, pictures: (isFirstReal ? fake : real).count },
          ],
          ...distances,
          features: network.name,
          assumed: [
            ...sets.flatMap((set) => set.assumptions),
            ...network.assumptions,
            assumedOfSubsets(distances, subsetSize),
          ],
        },
      }),
      release: () => releases.release(),
    };
  } catch (error) {
    await releases.release();
    throw error;
  }
}

/** How pictures were brought to the same format. */
function formatNotes(first: PictureSet, second: PictureSet): string[] {
  const format = first.format ?? second.format;
  if (format === undefined) return ['Pictures go to the feature network at their own sizes'];
  if (first.format && second.format) return [];
  const { width, height, channels, resize } = format;
  const kind = channels === 1 ? ', grey' : '';
  return [`Real pictures are brought to ${width}×${height} (${resize}${kind}), as the generated ones are`];
}

/** A checkpoint and pictures prepared as for training. */
async function trainedPair(
  [data, checkpoint]: PairDescription['sets'],
  { samples, strict, device }: PairOptions,
  [, name]: readonly [string, string],
): Promise<OpenedPair> {
  if (data.kind !== 'data' || checkpoint.kind !== 'checkpoint') throw new Error('expected data and a checkpoint');
  const { state, config } = await loadCheckpoint(checkpoint.path);
  const dataset = await openDataset(data.path ?? undefined, { ...data.options, imageSize: config.imageSize });
  const pictures = new ReadablePictures(dataset, strict);
  pictures.checkNoneSkipped();
  const generator = await openSession(generatorOnnx(state, config), { device, spinning: 'never' });
  const sample = async (latents: Float32Array) => {
    const latent = sessionTensor(latents, [latents.length / config.latentDim, config.latentDim]);
    const classes = drawnClasses(config, latents);
    const label = classes && {
      label: { type: 'int64', data: BigInt64Array.from(classes, BigInt), dims: [classes.length] } as const,
    };
    return (await generator.run({ latent, ...label }))['image']?.data as Float32Array;
  };
  return {
    real: {
      candidates: trainingCandidates(pictures, config),
      wanted: Math.min(samples, dataset.length),
      skipped: dataset.skipped,
      dataset,
    },
    fake: { candidates: generatedLike(sample, config), wanted: samples, skipped: [] },
    notes: [`${name} against ${shownText(dataset.name)}`],
    evaluated: ({ network, real, fake, distances, subsetSize }) => ({
      row: { step: state.step, ...distances, real: real.count, generated: fake.count, features: network.name },
      assumed: [
        ...(dataset.assumed ?? []),
        ...assumedOfClasses(config),
        ...assumedOfReal(config),
        ...network.assumptions,
        assumedOfSubsets(distances, subsetSize),
      ],
    }),
    release: () => generator.release(),
  };
}
