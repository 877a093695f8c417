/** @file Variants of Score-CAM that average several scores of each channel. */
import type { RunsMethod } from './method.js';
import { scoreWeights, type Masking } from './perturbations.js';

/** Methods that mask the picture by each channel many times. */
export const scoreCamMethods = {
  /**
   * Wang et al. 2020 (SS-CAM), algorithm 1 with noise on the masks: Score-CAM with the mean of the scores over `samples` masks
   * with normal noise of the standard deviation `noise`.
   */
  'ss-cam': {
    kind: 'runs',
    title: 'SS-CAM',
    at: 'layer',
    costly: true,
    async map(network) {
      const { random, samples, noise } = network;
      const noisy: Masking = (input, mask, masked) => {
        const shares = Float64Array.from(mask, (share) => share + noise * random.normal());
        for (let at = 0; at < input.length; at++)
          masked[at] = (input[at] as number) * (shares[at % mask.length] as number);
      };
      return network.weighted(
        await scoreWeights(
          network,
          Array.from({ length: samples }, () => noisy),
        ),
      );
    },
  },
  /** Naidu et al. 2020 (IS-CAM), algorithm 1: Score-CAM with the mean of the scores over masks times 1/N, 2/N, … 1, N = `steps`. */
  'is-cam': {
    kind: 'runs',
    title: 'IS-CAM',
    at: 'layer',
    costly: true,
    async map(network) {
      const { steps } = network;
      const parts = Array.from({ length: steps }, (_, i): Masking => (input, mask, masked) => {
        const share = (i + 1) / steps;
        for (let at = 0; at < input.length; at++)
          masked[at] = (input[at] as number) * (share * (mask[at % mask.length] as number));
      });
      return network.weighted(await scoreWeights(network, parts));
    },
  },
} as const satisfies Record<string, RunsMethod>;
