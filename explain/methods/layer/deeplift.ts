/** @file DeepLIFT's contributions of a layer. */
import { deepLiftMethods } from '../contributions/deeplift.js';
import type { RunsMethod } from '../kinds/method.js';
import { meanOfShares } from './paths.js';

/** The method that compares a layer's output with that for a baseline, in one pass. */
export const layerDeepLiftMethods = {
  /**
   * Shrikumar et al. 2017, eq. 1 and the rescale rule, as captum's LayerDeepLift: Σ_k (A − A′)·Δscore/ΔA. Where nothing bypasses the
   * layer, the sum of the map is the difference of the two scores. Several baselines: the mean of their maps.
   */
  'layer-deeplift': {
    kind: 'runs',
    title: 'Layer DeepLIFT',
    at: 'layer',
    expectSuited: deepLiftMethods.deeplift.expectSuited,
    map: async (network) => meanOfShares(network, [await network.layerMultipliers(network.baselines)]),
  },
} as const satisfies Record<string, RunsMethod>;
