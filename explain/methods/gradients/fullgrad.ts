/** @file FullGrad: the gradient of the picture and of every bias in one map. */
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import type { RunsMethod } from '../kinds/method.js';

const EPSILON = 1e-6;

/** |values|, scaled to 0…1. */
function rescaled(values: Float32Array): Float32Array {
  const sizes = values.map(Math.abs);
  const least = sizes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const range = sizes.reduce((a, b) => Math.max(a, b), 0) - least;
  return sizes.map((value) => (value - least) / (range + EPSILON));
}

/** The method that sums all parts of a full gradient. */
export const fullGradientMethods = {
  /**
   * Srinivas and Fleuret 2019, eq. 4 and 7: Σ_c ψ(x·∂score/∂x) + Σ_layers Σ_k ψ(b_k·∂score/∂b_k), ψ the absolute value,
   * rescaled to 0…1 over all channels of a layer and resized bilinearly. Batch norms count with the bias
   * β − γ·μ/√(σ² + ε), and so do constants that Add and Sub give to a layer's channels (`addedBiases`). Biases of dense layers
   * have no position in a picture and are skipped, as in the authors' code.
   * pytorch-grad-cam rescales each channel on its own instead, so its maps differ.
   */
  fullgrad: {
    kind: 'runs',
    title: 'FullGrad',
    at: 'picture',
    pixelwise: true,
    async map(network) {
      const { height, width } = network.picture;
      const data = new Float32Array(height * width);
      const parts = (await network.fullGradient()).filter(({ sizes }) => sizes.height * sizes.width > 1);
      for (const { data: values, sizes } of parts) {
        const plane = sizes.height * sizes.width;
        const shares = rescaled(values);
        const sums = new Float32Array(plane);
        shares.forEach((value, at) => (sums[at % plane] = (sums[at % plane] ?? 0) + value));
        const resized = bilinearResized(sums, sizes.height, sizes.width, height, width);
        resized.forEach((value, at) => (data[at] = (data[at] ?? 0) + value));
      }
      return { data, height, width };
    },
  },
} as const satisfies Record<string, RunsMethod>;
