/** @file How concentrated a map is: sparseness and complexity. Both take the map before the ReLU, by its absolute values. */
import type { Metric } from './metric.js';

export const distributionMetrics = {
  /**
   * The Gini index of Chalasani et al. 2020, section 4: 1 − 2 Σ_k (v_k / Σv)·((d − k + ½) / d) for the absolute values v_1 ≤ … ≤ v_d.
   * 0 where all pixels are equal, near 1 where one counts.
   */
  sparseness: {
    title: 'Sparseness',
    better: 'higher',
    async measure({ attribution }) {
      const sizes = Float64Array.from(attribution, Math.abs).toSorted();
      const total = sizes.reduce((sum, size) => sum + size, 0);
      if (total === 0) return undefined;
      const count = sizes.length;
      return { value: 1 - 2 * sizes.reduce((sum, size, k) => sum + (size / total) * ((count - k - 0.5) / count), 0) };
    },
  },
  /** Bhatt et al. 2020, definition 4: the entropy −Σ P·ln P of the shares P of the absolute values, in nats. */
  complexity: {
    title: 'Complexity',
    better: 'lower',
    async measure({ attribution }) {
      const total = attribution.reduce((sum, value) => sum + Math.abs(value), 0);
      if (total === 0) return undefined;
      return {
        value: -attribution.reduce((sum, value) => {
          const share = Math.abs(value) / total;
          return share === 0 ? sum : sum + share * Math.log(share);
        }, 0),
      };
    },
  },
} as const satisfies Record<string, Metric>;
