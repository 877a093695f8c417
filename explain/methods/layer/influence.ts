/** @file Maps of a layer's units that follow the path from a baseline to the picture. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import type { NetworkRuns, RunsMethod, SignedMap } from '../kinds/method.js';

/** The places `from` to `to` of `count` steps between a baseline and the picture, both ends included. */
function placesBetween(
  { input }: NetworkRuns,
  baseline: Float32Array,
  range: { from: number; to: number; count: number },
) {
  const { from, to, count } = range;
  return concatenated(
    Array.from({ length: to - from + 1 }, (_, i) =>
      input.map((value, at) => {
        const start = baseline[at] as number;
        return start + ((from + i) / count) * (value - start);
      }),
    ),
  );
}

/** What a unit adds over an interval of the path, from its activation and gradient at both ends. */
type Interval = (ends: { g: number; next: number; a: number; after: number }) => number;

/** Σ_k of a sum over the intervals of all baselines' paths, their mean over the baselines; some intervals at a time. */
async function alongPaths(network: NetworkRuns, add: Interval): Promise<SignedMap> {
  const { baselines, steps, batch } = network;
  const { channels, height, width } = network.layer;
  const [size, plane] = [channels * height * width, height * width];
  const total = new Float64Array(plane);
  const atOnce = Math.max(1, batch - 1);
  for (const baseline of baselines) {
    for (let from = 0; from < steps; from += atOnce) {
      const to = Math.min(steps, from + atOnce);
      const places = placesBetween(network, baseline, { from, to, count: steps });
      const { activations, gradients } = await network.atLayer(places);
      for (let at = 0; at < (to - from) * size; at++) {
        const ends = {
          g: gradients[at] as number,
          next: gradients[at + size] as number,
          a: activations[at] as number,
          after: activations[at + size] as number,
        };
        total[at % plane] = (total[at % plane] as number) + add(ends) / baselines.length;
      }
    }
  }
  return { data: Float32Array.from(total), height, width };
}

/** Methods that integrate over the path, by the trapezoidal rule. */
export const influenceMethods = {
  /**
   * Dhamdhere et al. 2018, eq. 3, as captum's LayerConductance: Σ_k ∫ ∂score/∂A_k dA_k on the straight path from the baseline to the
   * picture. At a layer that everything passes through, the map adds up to the difference of the two scores.
   */
  conductance: {
    kind: 'runs',
    title: 'Conductance',
    at: 'layer',
    map: (network) => alongPaths(network, ({ g, next, a, after }) => 0.5 * (g + next) * (after - a)),
  },
  /** Leino et al. 2018, definition 1, as captum's InternalInfluence: Σ_k of the mean of ∂score/∂A_k on that path. */
  'internal-influence': {
    kind: 'runs',
    title: 'Internal influence',
    at: 'layer',
    map: (network) => alongPaths(network, ({ g, next }) => (0.5 * (g + next)) / network.steps),
  },
} as const satisfies Record<string, RunsMethod>;
