/** @file The sanity check of Adebayo et al. 2018: a map that does not change with random weights explains nothing. */
import type { Metric } from './metric.js';
import { rankCorrelation, structuralSimilarity } from './similarity.js';

/** Metric of Adebayo et al. 2018, section 3.1, cascading randomisation. */
export const randomizationMetrics = {
  /** Spearman's rank correlation with the map of the network whose weights are all random. */
  randomization: {
    title: 'Rank correlation, random weights',
    better: 'lower',
    plots: {
      'randomization-rank-correlation': {
        title: 'Random weights: the map must change',
        xTitle: 'share of the layers that have random weights, from the top down',
        yTitle: 'rank correlation with the true map',
        yMin: -1,
      },
      'randomization-ssim': {
        title: 'Random weights: the map must change',
        xTitle: 'share of the layers that have random weights, from the top down',
        yTitle: 'structural similarity to the true map',
        yMin: -1,
      },
    },
    async measure({ map, size, randomizedMaps }) {
      const others = await randomizedMaps();
      const x = [0, ...others.map(({ share }) => share)];
      const correlations = others.map((other) => rankCorrelation(map, other.map));
      const similarities = others.map((other) => structuralSimilarity(map, other.map, size.height, size.width));
      return {
        value: correlations.at(-1) ?? Number.NaN,
        curves: {
          'randomization-rank-correlation': { x, y: [1, ...correlations] },
          'randomization-ssim': { x, y: [1, ...similarities] },
        },
      };
    },
  },
} as const satisfies Record<string, Metric>;
