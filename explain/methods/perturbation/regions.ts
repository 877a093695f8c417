/** @file Maps of superpixels: how the score depends on which regions of the picture are visible. */
import { jackknifeErrors, jackknifeGroups } from '../../../inference/numeric/jackknife.js';
import type { NetworkRuns, RunsMethod, SignedMap } from '../kinds/method.js';
import { affordedDraws, scoresOfMasked } from './masked-scores.js';
import { coalitionSums, drawnCoalitions, shapleyValues } from './shapley.js';
import { drawnSubset, ridgeSums, ridgeWeights, similarity } from './ridge.js';
import { superpixels, type Superpixels } from './superpixels.js';

/** Regions that region ablation aims at. */
const REGIONS = 50;
/** By how much it aims at fewer where it finds more than it can pay for. */
const FEWER = 0.95;

/** A mask that shows some regions: 1 for each pixel of a region whose flag is 1. */
function regionMask({ labels }: Superpixels, visible: ArrayLike<number>): Float32Array {
  return Float32Array.from(labels, (label) => visible[label] as number);
}

/** A map with one value for each region, and their standard errors. */
function regionMap(
  { picture: { height, width } }: NetworkRuns,
  { labels }: Superpixels,
  values: ArrayLike<number>,
  errors?: ArrayLike<number>,
): SignedMap {
  const spread = (each: ArrayLike<number>) => Float32Array.from(labels, (label) => each[label] as number);
  return { data: spread(values), height, width, ...(errors && { standardError: spread(errors) }) };
}

/** At most `REGIONS` are aimed at; more are found where colours are patchy, but never more than a stated budget pays for. */
function affordedRegions({ shown, picture, runs }: NetworkRuns, afforded: number): Superpixels {
  const most = runs === undefined ? Number.POSITIVE_INFINITY : afforded;
  let wanted = Math.min(REGIONS, afforded);
  let regions = superpixels(shown, picture, wanted);
  while (regions.count > most) {
    wanted *= FEWER;
    regions = superpixels(shown, picture, wanted);
  }
  return regions;
}

/** Methods that hide superpixels. */
export const regionMethods = {
  /**
   * Zeiler and Fergus 2014, section 4.2, with superpixels for squares: the drop of the score when a region alone shows the
   * baseline, f(x) − f(x without the region).
   */
  'region-ablation': {
    kind: 'runs',
    title: 'Region ablation',
    at: 'picture',
    runs: REGIONS,
    async map(network) {
      const regions = affordedRegions(
        network,
        affordedDraws(network, { method: 'region-ablation', draws: REGIONS, least: 4 }),
      );
      const scores = await scoresOfMasked(network, regions.count, (hidden) =>
        Float32Array.from(regions.labels, (label) => (label === hidden ? 0 : 1)),
      );
      return regionMap(
        network,
        regions,
        scores.map((score) => network.score - score),
      );
    },
  },
} as const satisfies Record<string, RunsMethod>;

/** Methods that show random sets of superpixels. */
export const coalitionMethods = {
  /**
   * Ribeiro et al. 2016 (LIME), eq. 1–2, as the lime package: the weights β of regions in a ridge regression (α = 1) of the
   * scores on which regions are visible. The first sample is the whole picture, in the others each region is visible with
   * probability ½. Samples count by √exp(−d²/0.25²), d the cosine distance from the whole picture.
   */
  lime: {
    kind: 'runs',
    title: 'LIME',
    at: 'picture',
    costly: true,
    runs: 1000,
    async map(network) {
      const regions = superpixels(network.shown, network.picture);
      const { count } = regions;
      const draws = affordedDraws(network, { method: 'lime', draws: 1000, least: Math.max(20, 2 * count) });
      const samples = Array.from({ length: draws }, (_, draw) => drawnSubset(network.random, count, draw === 0));
      const scores = await scoresOfMasked(network, draws, (draw) => regionMask(regions, samples[draw] as Uint8Array));
      const groups = Array.from({ length: jackknifeGroups(draws) }, () => ridgeSums(count));
      samples.forEach((visible, draw) =>
        groups[draw % groups.length]?.add(visible, (scores[draw] as number) - network.score, similarity(visible)),
      );
      const errors = jackknifeErrors(groups.length, (left) => ridgeWeights(groups.filter((_, at) => at !== left)));
      return regionMap(network, regions, ridgeWeights(groups), errors);
    },
  },
  /**
   * Lundberg and Lee 2017 (Kernel SHAP), theorem 2, with sets drawn by the Shapley kernel, each with its complement (Covert and
   * Lee 2021, section 4.2): φ minimizes the mean of (f(b) + Σ_visible φ − f(x visible))², under Σ φ = f(x) − f(b).
   */
  'kernel-shap': {
    kind: 'runs',
    title: 'Kernel SHAP',
    at: 'picture',
    costly: true,
    runs: 1000,
    async map(network) {
      const regions = superpixels(network.shown, network.picture);
      const { count } = regions;
      const budget = { method: 'kernel-shap', draws: 500, least: Math.max(20, 2 * count), passes: 2, further: 1 };
      const pairs = count > 1 ? drawnCoalitions(network.random, count, affordedDraws(network, budget)) : [];
      const none = new Uint8Array(count);
      const visible = [none, ...pairs.flatMap(({ set, complement }) => [set, complement])];
      const scores = await scoresOfMasked(network, visible.length, (draw) =>
        regionMask(regions, visible[draw] as Uint8Array),
      );
      const empty = scores[0] as number;
      const difference = network.score - empty;
      const groups = Array.from({ length: jackknifeGroups(pairs.length) }, () => coalitionSums(count));
      pairs.forEach(({ set, complement }, draw) => {
        const sums = groups[draw % groups.length];
        sums?.add(set, (scores[2 * draw + 1] as number) - empty);
        sums?.add(complement, (scores[2 * draw + 2] as number) - empty);
      });
      const values = shapleyValues(groups, difference);
      const errors =
        groups.length > 1
          ? jackknifeErrors(groups.length, (left) =>
              shapleyValues(
                groups.filter((_, at) => at !== left),
                difference,
              ),
            )
          : undefined;
      const sum = values.reduce((total, value) => total + value, 0);
      return { ...regionMap(network, regions, values, errors), completeness: { sum, difference } };
    },
  },
} as const satisfies Record<string, RunsMethod>;
