/** @file DeepLIFT's contributions of a layer. */
import { expectDeepLift } from '../../../onnx/gradient/contributions/multipliers.js';
import { layerContext } from '../../layers/candidates.js';
import { defaultLayer } from '../../layers/default-layer.js';
import { remembered } from '../../layers/remembered.js';
import type { ExplainedNetwork, RunsMethod } from '../kinds/method.js';
import { meanOfShares } from './paths.js';

/**
 * Before layers are chosen, the default layer counts: it is the last one, so that least of the network needs rules.
 * @throws InputError naming a node without a rule between a layer and the scores
 */
function expectSuited({ graph, head, grid, layers }: ExplainedNetwork): void {
  const [picture] = graph.inputs;
  if (!picture) return;
  const chosen = layers ?? defaultLayer(layerContext(graph), grid, head.grid !== undefined)?.layers ?? [];
  const values = chosen.map(({ value }) => value);
  remembered(graph, ['layer-deeplift', head.logits, values], () =>
    expectDeepLift(graph, picture.name, head.logits, values),
  );
}

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
    expectSuited,
    map: async (network) => meanOfShares(network, [await network.layerMultipliers(network.baselines)]),
  },
} as const satisfies Record<string, RunsMethod>;
