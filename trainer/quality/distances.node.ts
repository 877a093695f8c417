/** @file Features of pictures, and the distances between two sets of features. */
import { concatenated } from '../../inference/numeric/concatenated.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import type { FeatureNetwork } from './feature-network.node.js';
import { checkFinite, type Features } from './features.js';
import { frechetDistance } from './frechet.node.js';
import { DEFAULT_SUBSET, kernelDistance } from './kernel-distance.node.js';
import { LEAST_SAMPLES, type Distances } from './quality.js';

/** The size of the subsets of KID as an assumption. */
export function assumedOfSubsets({ subsets, subsetSize }: Distances, stated: number | undefined): Assumption {
  const because =
    stated !== undefined ? 'as stated' : subsetSize === DEFAULT_SUBSET ? 'default' : 'half of the smaller set';
  return { about: 'KID', taken: `${subsets} subsets of ${subsetSize} pictures`, because, options: ['subsetSize'] };
}

export interface EvaluationOptions {
  /** Number of random subsets for KID; default 100. */
  subsets?: number | undefined;
  /** Pictures per subset; default as for `kernelDistance`. */
  subsetSize?: number | undefined;
  /** Called with the progress. */
  progress_callback?: ((done: number, total: number) => void) | undefined;
  /** Stops between two batches. */
  signal?: AbortSignal | undefined;
}

/**
 * Features of batches of pictures.
 * @param expected total number of pictures, for the progress
 * @throws InputError if a feature is not finite
 * @throws the signal's reason when it is aborted
 */
export async function featuresOf(
  network: FeatureNetwork,
  batches: AsyncIterable<Picture[]>,
  expected: number,
  { progress_callback, signal }: EvaluationOptions,
): Promise<Features> {
  const parts: Float32Array[] = [];
  let count = 0;
  for await (const pictures of batches) {
    signal?.throwIfAborted();
    const features = await network.features(pictures);
    checkFinite(features);
    parts.push(features);
    count += pictures.length;
    progress_callback?.(count, expected);
  }
  return { size: network.size, data: concatenated(parts) };
}

/** KID, and the Fréchet distance if both sets have enough pictures. @throws as `kernelDistance` */
export async function distancesBetween(
  a: Features,
  b: Features,
  { signal, subsets, subsetSize }: EvaluationOptions,
): Promise<Distances> {
  const enough = [a, b].every(({ data, size }) => data.length / size >= LEAST_SAMPLES);
  const options = {
    ...(signal && { signal }),
    ...(subsets !== undefined && { subsets }),
    ...(subsetSize !== undefined && { subsetSize }),
  };
  const distances = [kernelDistance(a, b, options), enough ? frechetDistance(a, b, signal) : undefined] as const;
  // If one fails, stop the other.
  await Promise.allSettled(distances);
  const [kernel, frechet] = await Promise.all(distances);
  return {
    ...(frechet !== undefined && { frechet }),
    kid: kernel.mean,
    kidStd: kernel.std,
    subsets: kernel.subsets,
    subsetSize: kernel.subsetSize,
  };
}
