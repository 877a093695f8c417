/** @file Maps that average gradients over noisy copies of the picture, or over a path to it. */
import type { NetworkRuns, RunsMethod, SignedMap, Sizes } from './method.js';

/** Noisy copies of the picture, one batch at a time; the noise is normal with the standard deviation that `noise` sets. */
function* noisyBatches({ input, samples, noise, random, batch }: NetworkRuns): Generator<Float32Array> {
  const most = input.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const least = input.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const std = noise * (most - least);
  for (let start = 0; start < samples; start += batch) {
    const count = Math.min(batch, samples - start);
    yield Float32Array.from(
      { length: count * input.length },
      (_, at) => (input[at % input.length] ?? 0) + std * random.normal(),
    );
  }
}

/** Adds powers of gradients [M, …] to totals with the size of one picture. */
function addPowers(totals: readonly Float64Array[], gradients: Float32Array): void {
  totals.forEach((total, power) =>
    gradients.forEach((g, at) => (total[at % total.length] = (total[at % total.length] ?? 0) + g ** (power + 1))),
  );
}

/** max_c |value| */
function largestOfChannels(values: Float64Array, { height, width }: Sizes): SignedMap {
  const data = new Float32Array(height * width);
  values.forEach((value, at) => {
    const position = at % data.length;
    data[position] = Math.max(data[position] ?? 0, Math.abs(value));
  });
  return { data, height, width };
}

/** Methods that average several runs. */
export const averageMethods = {
  /**
   * Omeiza et al. 2019, eq. 3–6: Grad-CAM++ with the powers of the gradient averaged over noisy pictures:
   * α = D₂ / (2·D₂ + (Σ_HW A)·D₃ + 1e-6), w_k = Σ_HW α·ReLU(D₁), D_p = mean of g^p; A is that of the picture itself.
   */
  'smooth-gradcam++': {
    kind: 'runs',
    title: 'Smooth Grad-CAM++',
    at: 'layer',
    async map(network) {
      const { activations, layer, samples } = network;
      const totals = [1, 2, 3].map(() => new Float64Array(activations.length));
      for (const noisy of noisyBatches(network)) addPowers(totals, await network.layerGradients(noisy));
      const [first, second, third] = totals.map((total) => total.map((value) => value / samples)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const plane = layer.height * layer.width;
      const weights = Array.from({ length: layer.channels }, (_, k) => {
        const total = activations.subarray(k * plane, (k + 1) * plane).reduce((sum, value) => sum + value, 0);
        let weight = 0;
        for (let at = k * plane; at < (k + 1) * plane; at++) {
          const square = second[at] ?? 0;
          const alpha = square === 0 ? 0 : square / (2 * square + total * (third[at] ?? 0) + 1e-6);
          weight += alpha * Math.max(first[at] ?? 0, 0);
        }
        return weight;
      });
      return network.weighted(weights);
    },
  },
  /** Smilkov et al. 2017, section 3: max_c |mean of ∂score/∂x over noisy pictures|. */
  smoothgrad: {
    kind: 'runs',
    title: 'SmoothGrad',
    at: 'picture',
    async map(network) {
      const total = new Float64Array(network.input.length);
      for (const noisy of noisyBatches(network)) addPowers([total], await network.gradients(noisy));
      return largestOfChannels(
        total.map((value) => value / network.samples),
        network.picture,
      );
    },
  },
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
        addPowers([total], await network.gradients(path));
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
