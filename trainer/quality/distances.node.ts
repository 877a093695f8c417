/** @file Two sets of pictures measured in the feature space of a network, and the distances between them. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { Candidates } from './candidates.js';
import type { FeatureNetwork } from './feature-network.node.js';
import { frechetBetween } from './distance/frechet.node.js';
import { GramSession } from './distance/gram.node.js';
import { kernelDistanceOfRows } from './distance/kernel-distance.node.js';
import { DEFAULT_SUBSET, kernelPlan, type SubsetOptions } from './distance/kernel-plan.js';
import { LEAST_OF_MANIFOLD, manifoldMeasures } from './distance/manifold.node.js';
import { addMissingRows, measuredSet, type SetPlan } from './measure-set.node.js';
import type { MeasuredSet } from './measured-set.node.js';
import { LEAST_SAMPLES, type Coverage, type Distances } from './quality.js';

/** The size of the subsets of KID as an assumption. */
export function assumedOfSubsets({ subsets, subsetSize }: Distances, stated: number | undefined): Assumption {
  const because =
    stated !== undefined ? 'as stated' : subsetSize === DEFAULT_SUBSET ? 'default' : 'half of the smaller set';
  return { about: 'KID', taken: `${subsets} subsets of ${subsetSize} pictures`, because, options: ['subsetSize'] };
}

export interface EvaluationOptions extends Omit<SubsetOptions, 'seed'> {
  /** Called with the progress. */
  progress_callback?: ((done: number, total: number) => void) | undefined;
  /** Stops between two batches. */
  signal?: AbortSignal | undefined;
}

/** The sets to compare; one that is measured already is used again. */
export interface ComparedSets {
  real: Candidates;
  fake: Candidates;
  /** Pictures of each, if so many can be decoded. */
  wanted: { real: number; fake: number };
  measured?: MeasuredSet | undefined;
}

/** What is measured of two sets. */
export interface SetPlans {
  real: SetPlan;
  fake: SetPlan;
  /** Whether there may be enough pictures for a Fréchet distance. */
  frechet: boolean;
}

/** The plans of two sets. @throws InputError for too few pictures */
export function setPlans({ real, fake }: { real: number; fake: number }, options: SubsetOptions): SetPlans {
  const kernel = kernelPlan(real, fake, options);
  return {
    real: { role: 'real', wanted: real, kernel },
    fake: { role: 'fake', wanted: fake, kernel },
    frechet: Math.min(real, fake) >= LEAST_SAMPLES,
  };
}

/**
 * Measures two sets and the distances between them. Memory does not grow with the number of pictures: there are the sums of
 * the features, and the features of the pictures in the subsets of KID and of those that precision and recall are measured on.
 * @throws InputError if a feature is not finite, or there are too few pictures
 * @throws the signal's reason when it is aborted
 */
export async function comparedSets(
  network: FeatureNetwork,
  { real, fake, wanted, measured }: ComparedSets,
  options: EvaluationOptions,
): Promise<{ distances: Distances; real: MeasuredSet; fake: MeasuredSet }> {
  const { signal, progress_callback } = options;
  const plans = setPlans(wanted, options);
  const products = plans.frechet ? await GramSession.open() : undefined;
  try {
    const measuring = (candidates: Candidates, plan: SetPlan) => {
      let done = 0;
      const progress = (pictures: number) => progress_callback?.((done += pictures), plan.wanted);
      return measuredSet(network, candidates, plan, { gram: products?.gram, signal, progress });
    };
    const first = measured ?? (await measuring(real, plans.real));
    const second = await measuring(fake, plans.fake);
    return { distances: await distancesBetween(network, first, second, options), real: first, fake: second };
  } finally {
    await products?.release();
  }
}

/** KID, and whatever else both sets have enough pictures for. @throws as `kernelDistance` */
export async function distancesBetween(
  network: FeatureNetwork,
  real: MeasuredSet,
  fake: MeasuredSet,
  { signal, subsets, subsetSize, manifoldSamples }: EvaluationOptions,
): Promise<Distances> {
  const options = { signal, subsets, subsetSize, manifoldSamples };
  const plan = kernelPlan(real.count, fake.count, options);
  await addMissingRows(network, real, 'real', plan, signal);
  await addMissingRows(network, fake, 'fake', plan, signal);
  const enough = [real, fake].every(({ count }) => count >= LEAST_SAMPLES);
  const [a, b] = enough ? [real.gaussian(), fake.gaussian()] : [];
  const distances = [
    kernelDistanceOfRows(real, fake, options),
    a && b ? frechetBetween(a, b, signal) : undefined,
    coverageOf(real, fake, plan.manifold, signal),
  ] as const;
  // If one fails, stop the other.
  await Promise.allSettled(distances);
  const [kernel, frechet, manifold] = await Promise.all(distances);
  return {
    ...(frechet !== undefined && { frechet }),
    kid: kernel.mean,
    kidStd: kernel.std,
    subsets: kernel.subsets,
    subsetSize: kernel.subsetSize,
    ...(manifold !== undefined && { manifold }),
  };
}

/** Of the first pictures of both sets, which are random ones. */
async function coverageOf(
  real: MeasuredSet,
  fake: MeasuredSet,
  most: number,
  signal: AbortSignal | undefined,
): Promise<Coverage | undefined> {
  const [reals, fakes] = [Math.min(real.count, most), Math.min(fake.count, most)];
  if (Math.min(reals, fakes) < LEAST_OF_MANIFOLD) return undefined;
  const measures = await manifoldMeasures(await real.first(reals), await fake.first(fakes), signal);
  return { ...measures, real: reals, fake: fakes };
}
