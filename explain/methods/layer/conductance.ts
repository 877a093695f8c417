/** @file Conductance: what the units of a layer contribute on the path from a baseline to the picture. */
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

/** Σ_k ∫ g_k dA_k by the trapezoidal rule, some intervals at a time; the mean over the baselines. */
async function conductance(network: NetworkRuns): Promise<SignedMap> {
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
        const g = 0.5 * ((gradients[at] as number) + (gradients[at + size] as number));
        const change = (activations[at + size] as number) - (activations[at] as number);
        total[at % plane] = (total[at % plane] as number) + (g * change) / baselines.length;
      }
    }
  }
  return { data: Float32Array.from(total), height, width };
}

/** The method that integrates over the path. */
export const conductanceMethods = {
  /**
   * Dhamdhere et al. 2018, eq. 3, as captum's LayerConductance: Σ_k ∫ ∂score/∂A_k dA_k on the straight path from the baseline to the
   * picture. At a layer that everything passes through, the map adds up to the difference of the two scores.
   */
  conductance: {
    kind: 'runs',
    title: 'Conductance',
    at: 'layer',
    map: conductance,
  },
} as const satisfies Record<string, RunsMethod>;
