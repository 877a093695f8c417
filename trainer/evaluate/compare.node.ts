/** @file Comparing two sets of pictures by their features, whoever made them. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { Preparation } from '../../inference/networks/network-input.js';
import { resolveDevice } from '../../inference/runtime/devices/devices.node.js';
import type { DeviceChoice } from '../../inference/runtime/session.js';
import { InputError } from '../../onnx/index.js';
import { assumedOfSubsets, comparedSets, type EvaluationOptions } from '../quality/distances.node.js';
import { FeatureNetwork } from '../quality/feature-network.node.js';
import type { MeasuredSet } from '../quality/measured-set.node.js';
import type { Distances } from '../quality/quality.js';
import { openPictureSet, type PictureSet, type PictureSetOptions } from './picture-set.node.js';
import { Releases } from '../run/releases.js';

export interface ComparisonOptions extends EvaluationOptions, PictureSetOptions {
  /** `MODEL.onnx` or `MODEL.onnx:LAYER`. */
  features: string;
  /** How that network's pictures are prepared, where its file does not say so. */
  preparation?: Preparation | undefined;
  /** Most pictures of each set. */
  samples: number;
}

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

/**
 * The distances between two sets of pictures, each a folder or .zip, a generator's .onnx file, or a run. Where one of them
 * is generated, the other is brought to its format, as for training.
 * @throws InputError if a set or the feature network cannot be used, or there are too few pictures
 * @throws the signal's reason when it is aborted
 */
export async function comparePictures(
  sources: readonly [string, string],
  options: ComparisonOptions,
): Promise<{ comparison: Comparison; notes: string[]; choice: DeviceChoice; skipped: string[] }> {
  const { samples, features, preparation } = options;
  if (!Number.isInteger(samples) || samples < 2) {
    throw new InputError({ name: 'samples', expected: 'a whole number of at least 2', got: samples });
  }
  const started = performance.now();
  const choice = await resolveDevice(options.device ?? 'auto');
  const releases = new Releases();
  try {
    const sets: PictureSet[] = [];
    for (const source of sources) {
      const set = await openPictureSet(source, { ...options, device: choice.device });
      releases.add(() => set.release());
      sets.push(set);
    }
    const [first, second] = sets as [PictureSet, PictureSet];
    const network = await FeatureNetwork.load(features, { preparation, device: choice.device });
    releases.add(() => network.dispose());
    const wanted = (set: PictureSet) => Math.min(samples, set.length ?? samples);
    const candidates = (set: PictureSet, other: PictureSet) => set.candidates(set.format ? undefined : other.format);
    const { distances, real, fake } = await comparedSets(
      network,
      {
        real: candidates(first, second),
        fake: candidates(second, first),
        wanted: { real: wanted(first), fake: wanted(second) },
      },
      options,
    );
    const compared = (set: PictureSet, found: MeasuredSet) => ({ name: set.name, pictures: found.count });
    const ofSets = sets.flatMap((set) => set.assumptions);
    return {
      comparison: {
        sets: [compared(first, real), compared(second, fake)],
        ...distances,
        features: network.name,
        assumed: [...ofSets, ...network.assumptions, assumedOfSubsets(distances, options.subsetSize)],
        seconds: (performance.now() - started) / 1000,
      },
      notes: [`${first.name} against ${second.name}`, ...formatNotes(first, second)],
      choice,
      skipped: sets.flatMap(({ skipped }) => skipped),
    };
  } finally {
    await releases.release();
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
