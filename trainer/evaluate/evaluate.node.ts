/** @file Evaluations in one process, which keep nothing on disk. */
import { dirname } from 'node:path';
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { Preparation } from '../../inference/networks/network-input.js';
import { resolveDevice } from '../../inference/runtime/devices/devices.node.js';
import type { Device, DeviceChoice } from '../../inference/runtime/session.js';
import { comparedSets, type EvaluationOptions } from '../quality/distances.node.js';
import { FeatureNetwork } from '../quality/feature-network.node.js';
import type { QualityRow } from '../quality/quality.js';
import { InputError } from '../../onnx/errors.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';
import { Releases } from '../run/releases.js';
import { leftOut, openPair, type Comparison, type Evaluated } from './pair.node.js';
import { LEAST_OF_NEAREST, nearestFigure } from './nearest.node.js';
import type { GeneratorReading } from './picture-set.node.js';
import { describedRun, describedSets, type PairDescription, type SetChoice } from './set-description.node.js';

export interface ComparisonOptions extends EvaluationOptions, SetChoice {
  /** `MODEL.onnx` or `MODEL.onnx:LAYER`. */
  features: string;
  /** How that network's pictures are prepared, where its file does not say so. */
  preparation?: Preparation | undefined;
  /** Most pictures of each set. */
  samples: number;
  /** Stop at the first picture that is broken, and for skipped files. */
  strict?: boolean | undefined;
  /** How generators are read: range, latent size and class. */
  generator?: GeneratorReading | undefined;
  device?: Device | undefined;
  /** A .png file for generated pictures beside the real ones nearest to them. */
  nearest?: string | undefined;
}

export interface RunEvaluation extends ComparisonOptions {
  /** Folder of the run; the latest if not given. */
  run?: string | undefined;
  /** Real pictures; what the run was trained on if not given. */
  data?: string | undefined;
}

/** What is told besides the numbers. */
interface Told {
  /** What was compared. */
  notes: string[];
  choice: DeviceChoice;
  /** What was left out, one line each. */
  skipped: string[];
}

/**
 * The distances between two sets of pictures, each a folder or .zip, a generator's .onnx file, or a run. Where one of them
 * is generated, the other is brought to its format, as for training.
 * @throws InputError if a set or the feature network cannot be used, or there are too few pictures
 * @throws the signal's reason when it is aborted
 */
export async function comparePictures(
  sources: readonly [string, string],
  options: ComparisonOptions,
): Promise<Told & { comparison: Comparison }> {
  const started = performance.now();
  const { evaluated, ...told } = await evaluation(await describedSets(sources, options), options);
  if (!('comparison' in evaluated)) throw new Error('expected a comparison');
  return { comparison: { ...evaluated.comparison, seconds: (performance.now() - started) / 1000 }, ...told };
}

/**
 * The distances between a checkpoint's pictures and real ones; its averaged generator's, where it has one.
 * @returns the result, what was assumed, notes on what was compared, where it ran, and what was left out of the real pictures
 * @throws InputError if there is no such run, checkpoint, data, network or device
 * @throws the signal's reason when it is aborted
 */
export async function evaluateRun(options: RunEvaluation): Promise<Told & { row: QualityRow; assumed: Assumption[] }> {
  const started = performance.now();
  const { evaluated, ...told } = await evaluation(await describedRun(options.run, options), options);
  if (!('row' in evaluated)) throw new Error('expected a row');
  const { row, assumed } = evaluated;
  return { row: { ...row, seconds: (performance.now() - started) / 1000 }, assumed, ...told };
}

async function evaluation(
  description: PairDescription,
  options: ComparisonOptions,
): Promise<Told & { evaluated: Evaluated }> {
  const { features, preparation, subsetSize, manifoldSamples, nearest } = options;
  if (nearest !== undefined) {
    if (!/\.png$/i.test(nearest)) throw new InputError({ name: 'nearest', expected: 'a .png file', got: nearest });
    if (manifoldSamples !== undefined && manifoldSamples < LEAST_OF_NEAREST) {
      const expected = `at least ${LEAST_OF_NEAREST} beside nearest`;
      throw new InputError({ name: 'manifoldSamples', expected, got: manifoldSamples });
    }
    await makeFolder(dirname(nearest));
  }
  const choice = await resolveDevice(options.device ?? 'auto');
  const { device } = choice;
  const releases = new Releases();
  try {
    const pair = await openPair(description, { ...options, device });
    releases.add(() => pair.release());
    const network = await FeatureNetwork.load(features, { preparation, device });
    releases.add(() => network.dispose());
    const wanted = { real: pair.real.wanted, fake: pair.fake.wanted };
    const sets = { real: pair.real.candidates, fake: pair.fake.candidates, wanted };
    const { distances, real, fake } = await comparedSets(network, sets, options);
    if (nearest !== undefined) await writeFileAtomic(nearest, await nearestFigure(real, fake, options));
    const evaluated = pair.evaluated({ network, real, fake, distances, subsetSize });
    return { evaluated, notes: pair.notes, choice, skipped: leftOut(pair, real, fake) };
  } finally {
    await releases.release();
  }
}
