/** @file Maps that average gradients over paths from baselines to the picture. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { jackknifeErrors, jackknifeGroups } from '../../../inference/numeric/jackknife.js';
import type { NetworkRuns, RunsMethod, SignedMap } from '../kinds/method.js';
import { noisyBatches } from './averages.js';

/** One picture [C, H, W] on a path, and the difference that its gradient is multiplied with. */
interface Point {
  at: Float32Array;
  change: Float32Array;
}

/**
 * Σ_c of the mean of change·gradient over points, and by how much its sum misses the difference of scores.
 * @param drawn whether points are random draws, so that the map has a standard error
 */
async function pathMap(
  network: NetworkRuns,
  points: Iterable<Point>,
  { count, drawn }: { count: number; drawn: boolean },
): Promise<SignedMap> {
  const { input, batch, baselines } = network;
  const plane = network.picture.height * network.picture.width;
  const total = new Float64Array(input.length);
  const groups = drawn ? jackknifeGroups(count, plane) : 0;
  const parts = Array.from({ length: groups }, () => new Float64Array(plane));
  let draw = 0;
  const add = async (own: readonly Point[]) => {
    const gradients = await network.gradients(concatenated(own.map(({ at }) => at)));
    own.forEach(({ change }, row) => {
      const part = parts[draw++ % groups];
      for (let i = 0; i < total.length; i++) {
        const product = (change[i] as number) * (gradients[row * total.length + i] as number);
        total[i] = (total[i] as number) + product;
        if (part) part[i % plane] = (part[i % plane] as number) + product;
      }
    });
  };
  for (const some of groupsOf(points, batch)) await add(some);
  const others = await network.scores(concatenated(baselines));
  const map = completeMap(
    network,
    total.map((sum) => sum / count),
    others.reduce((sum, value) => sum + value, 0) / baselines.length,
  );
  const without = (group: number) => {
    const kept = count - Math.ceil((count - group) / groups);
    return map.data.map((mean, at) => (mean * count - ((parts[group] as Float64Array)[at] as number)) / kept);
  };
  return { ...map, ...(groups > 1 && { standardError: jackknifeErrors(groups, without) }) };
}

/** The values in groups of at most `size`, each made when it is wanted. */
export function* groupsOf<T>(values: Iterable<T>, size: number): Generator<readonly T[]> {
  let waiting: T[] = [];
  for (const value of values) {
    waiting.push(value);
    if (waiting.length < size) continue;
    yield waiting;
    waiting = [];
  }
  if (waiting.length > 0) yield waiting;
}

/**
 * Σ_c of contributions [C, H, W], and the difference of scores that they should add up to.
 * @param other the mean score of the baselines
 */
export function completeMap(
  { picture: { height, width }, score }: NetworkRuns,
  contributions: Float64Array,
  other: number,
): SignedMap {
  const data = new Float32Array(height * width);
  contributions.forEach((part, at) => (data[at % data.length] = (data[at % data.length] as number) + part));
  const sum = data.reduce((total, value) => total + value, 0);
  return { data, height, width, completeness: { sum, difference: score - other } };
}

/** The point at a share of the way between two pictures. */
export function between(from: Float32Array, to: Float32Array, share: number): Point {
  const change = to.map((value, i) => value - (from[i] as number));
  return { at: from.map((value, i) => value + share * (change[i] as number)), change };
}

/** Methods that integrate gradients. */
export const pathMethods = {
  /**
   * Sundararajan et al. 2017, eq. 3: Σ_c (x − x′)·mean of ∂score/∂x on the straight path from the baseline x′ to x, with the
   * midpoint rule. The sum of the map is the difference of the two scores. Several baselines: the mean of their maps.
   */
  'integrated-gradients': {
    kind: 'runs',
    title: 'Integrated gradients',
    at: 'picture',
    pixelwise: true,
    map(network) {
      const { input, steps, baselines } = network;
      function* points() {
        for (const baseline of baselines)
          for (let step = 0; step < steps; step++) yield between(baseline, input, (step + 0.5) / steps);
      }
      return pathMap(network, points(), { count: steps * baselines.length, drawn: false });
    },
  },
  /**
   * Lundberg and Lee 2017, as captum's GradientShap: Σ_c of the mean of (x̃ − x′)·∂score/∂x at a random place between a random
   * baseline x′ and the noisy picture x̃.
   */
  'gradient-shap': {
    kind: 'runs',
    title: 'GradientSHAP',
    at: 'picture',
    pixelwise: true,
    map(network) {
      const { samples, baselines, random } = network;
      const chosen = Array.from({ length: samples }, () => ({
        baseline: baselines[Math.floor(random.uniform() * baselines.length)] as Float32Array,
        share: random.uniform(),
      }));
      function* points() {
        let sample = 0;
        for (const noisy of noisyBatches({ ...network, batch: 1 })) {
          const { baseline, share } = chosen[sample++] as (typeof chosen)[number];
          yield between(baseline, noisy, share);
        }
      }
      return pathMap(network, points(), { count: samples, drawn: true });
    },
  },
} as const satisfies Record<string, RunsMethod>;
