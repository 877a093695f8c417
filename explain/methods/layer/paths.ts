/** @file Maps of a layer that integrate its gradient from a baseline to the picture. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { between } from '../gradients/paths.js';
import type { LayerShares, NetworkRuns, RunsMethod, SignedMap } from '../kinds/method.js';

/** The middles of so many equal parts of 0…1. */
const middles = (steps: number): number[] => Array.from({ length: steps }, (_, step) => (step + 0.5) / steps);

/**
 * The mean of maps of a layer, and by how much it misses the difference of scores: known where nothing bypasses the layer.
 * @param found with the same number of maps each
 */
export async function meanOfShares(
  { layer: { height, width }, score, scores, baselines }: NetworkRuns,
  found: readonly LayerShares[],
): Promise<SignedMap> {
  const plane = height * width;
  const all = concatenated(found.map(({ maps = new Float32Array(plane) }) => maps));
  const total = new Float64Array(plane);
  all.forEach((value, at) => (total[at % plane] = (total[at % plane] as number) + value));
  const data = Float32Array.from(total, (sum) => (sum * plane) / all.length);
  if (found.some(({ bypassed }) => bypassed)) return { data, height, width };
  const others = await scores(concatenated(baselines));
  const difference = score - others.reduce((sum, value) => sum + value, 0) / baselines.length;
  return { data, height, width, completeness: { sum: data.reduce((sum, value) => sum + value, 0), difference } };
}

/** Methods that integrate gradients of a layer. */
export const layerPathMethods = {
  /**
   * Integrated gradients (Sundararajan et al. 2017, eq. 3) of the layer's output, as captum's LayerIntegratedGradients:
   * Σ_k (A − A′)·mean of ∂score/∂A on the straight path from A′, the output for the baseline, to A, with the midpoint rule. What
   * bypasses the layer comes from the picture. Where nothing does, the sum of the map is the difference of the two scores.
   */
  'layer-integrated-gradients': {
    kind: 'runs',
    title: 'Layer integrated gradients',
    at: 'layer',
    async map(network) {
      const found: LayerShares[] = [];
      for (const baseline of network.baselines) found.push(await network.alongLayer(baseline, middles(network.steps)));
      return meanOfShares(network, found);
    },
  },
  /**
   * Leino et al. 2018, eq. 1 with the path of integrated gradients, as captum's InternalInfluence: Σ_k of the mean of ∂score/∂A_k at the
   * layer, on the straight path from the baseline picture to the picture, with the midpoint rule.
   */
  'internal-influence': {
    kind: 'runs',
    title: 'Internal influence',
    at: 'layer',
    async map({ input, baselines, steps, batch, layer: { height, width }, atLayer }) {
      const plane = height * width;
      const total = new Float64Array(plane);
      const count = steps * baselines.length;
      for (const baseline of baselines) {
        const places = middles(steps).map((share) => between(baseline, input, share).at);
        for (let start = 0; start < steps; start += batch) {
          const { gradients } = await atLayer(concatenated(places.slice(start, start + batch)));
          gradients.forEach((value, at) => (total[at % plane] = (total[at % plane] as number) + value / count));
        }
      }
      return { data: Float32Array.from(total), height, width };
    },
  },
} as const satisfies Record<string, RunsMethod>;
