/** @file Whether a map adds up to what it explains. Only for methods whose maps should. */
import type { Metric } from './metric.js';

export const completenessMetrics = {
  /**
   * Sundararajan et al. 2017, proposition 1: |Σ map − (score − score of the baseline)| / |score − score of the baseline|. Only for
   * methods whose map should add up to that difference. Of layer-wise relevance propagation |Σ map + biases − score| / |score|
   * (conservation; Bach et al. 2015, eq. 2).
   */
  completeness: {
    title: 'Completeness gap',
    better: 'lower',
    async measure({ completeness }) {
      if (!completeness || completeness.difference === 0) return undefined;
      const { sum, difference } = completeness;
      return { value: Math.abs(sum - difference) / Math.abs(difference) };
    },
  },
} as const satisfies Record<string, Metric>;
