/** @file Maps that average gradients over paths to the picture. */
import type { RunsMethod } from './method.js';

/** Methods that integrate gradients. */
export const pathMethods = {
  /**
   * Sundararajan et al. 2017, eq. 3: Σ_c (x − x′)·mean of ∂score/∂x on the straight path from black x′ to x, with the
   * midpoint rule. The sum of the map is the difference of the two scores.
   */
  'integrated-gradients': {
    kind: 'runs',
    title: 'Integrated gradients',
    at: 'picture',
    async map(network) {
      const { input, black, steps, batch, picture } = network;
      const total = new Float64Array(input.length);
      for (let start = 0; start < steps; start += batch) {
        const count = Math.min(batch, steps - start);
        const path = Float32Array.from({ length: count * input.length }, (_, at) => {
          const share = (start + Math.floor(at / input.length) + 0.5) / steps;
          const from = black[at % input.length] ?? 0;
          return from + share * ((input[at % input.length] ?? 0) - from);
        });
        const gradients = await network.gradients(path);
        gradients.forEach((g, at) => (total[at % total.length] = (total[at % total.length] as number) + g));
      }
      const { height, width } = picture;
      const data = new Float32Array(height * width);
      total.forEach((sum, at) => {
        const change = ((input[at] ?? 0) - (black[at] ?? 0)) * (sum / steps);
        data[at % data.length] = (data[at % data.length] ?? 0) + change;
      });
      return { data, height, width };
    },
  },
} as const satisfies Record<string, RunsMethod>;
