/** @file Conductance: what the units of a layer contribute on the path from a baseline to the picture. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { between } from '../gradients/paths.js';
import type { NetworkRuns, RunsMethod, SignedMap } from '../kinds/method.js';

/** Σ_k ∫ g_k dA_k by the trapezoidal rule, the mean over the baselines; as many places of a path as a run takes at a time. */
async function conductance(network: NetworkRuns): Promise<SignedMap> {
  const { input, baselines, steps, batch } = network;
  const { channels, height, width } = network.layer;
  const [size, plane] = [channels * height * width, height * width];
  const total = new Float64Array(plane);
  for (const baseline of baselines) {
    let before: { a: Float32Array; g: Float32Array } | undefined;
    for (let from = 0; from <= steps; from += batch) {
      const count = Math.min(batch, steps + 1 - from);
      const places = Array.from({ length: count }, (_, i) => between(baseline, input, (from + i) / steps).at);
      const { activations, gradients } = await network.atLayer(concatenated(places));
      for (let place = 0; place < count; place++) {
        const [a, g] = [activations, gradients].map((all) => all.subarray(place * size, (place + 1) * size)) as [
          Float32Array,
          Float32Array,
        ];
        for (let unit = 0; before && unit < size; unit++) {
          const slope = 0.5 * ((before.g[unit] as number) + (g[unit] as number));
          const change = (a[unit] as number) - (before.a[unit] as number);
          total[unit % plane] = (total[unit % plane] as number) + (slope * change) / baselines.length;
        }
        before = { a, g };
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
