/** @file Variants of Score-CAM that average several scores of each channel. */
import type { RunsMethod } from '../kinds/method.js';
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
      const noisy: Masking = (mask) => Float64Array.from(mask, (share) => share + noise * random.normal());
      const maskings = Array.from({ length: samples }, () => noisy);
      return network.weighted(await scoreWeights(network, maskings));
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
      const parts = Array.from({ length: steps }, (_, i): Masking => {
        return (mask) => Float64Array.from(mask, (share) => ((i + 1) / steps) * share);
      });
      return network.weighted(await scoreWeights(network, parts));
    },
  },
} as const satisfies Record<string, RunsMethod>;
