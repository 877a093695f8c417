/** @file Maps without gradients: how the score changes when the picture is masked or a channel is removed. */
import { bilinearResized } from '../../inference/numeric/bilinear.js';
import type { NetworkRuns, RunsMethod } from './method.js';

/** Keeps the division by the range of a constant channel finite, as in pytorch-grad-cam. */
const EPSILON = 1e-8;

/** The picture under a channel's activations, enlarged and scaled to 0…1. */
function maskedPicture({ input, activations, layer, picture }: NetworkRuns, channel: number): Float32Array {
  const plane = layer.height * layer.width;
  const own = activations.subarray(channel * plane, (channel + 1) * plane);
  const mask = bilinearResized(own, layer.height, layer.width, picture.height, picture.width);
  const least = mask.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const range = mask.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) - least;
  return input.map((value, at) => (value * ((mask[at % mask.length] ?? 0) - least)) / (range + EPSILON));
}

function softmax(values: readonly number[]): number[] {
  const largest = Math.max(...values);
  const exponentials = values.map((value) => Math.exp(value - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

/** Methods that perturb the picture or the layer, and a random baseline. */
export const perturbationMethods = {
  /**
   * Wang et al. 2020, eq. 2–6: each channel, enlarged bilinearly and scaled to 0…1, masks the picture; w is the softmax of
   * the scores over channels. The paper subtracts the score of a black picture, which cancels in the softmax.
   */
  scorecam: {
    kind: 'runs',
    title: 'Score-CAM',
    at: 'layer',
    async map(network) {
      const { channels } = network.layer;
      const size = network.input.length;
      const scores: number[] = [];
      for (let start = 0; start < channels; start += network.batch) {
        const count = Math.min(network.batch, channels - start);
        const masked = new Float32Array(count * size);
        for (let row = 0; row < count; row++) masked.set(maskedPicture(network, start + row), row * size);
        scores.push(...(await network.scores(masked)));
      }
      return network.weighted(softmax(scores));
    },
  },
  /**
   * Desai and Ramaswamy 2020, eq. 2: w_k = (y − y_k) / |y|, y_k the score with channel k set to 0. The paper divides by y,
   * which would invert the map of a negative score.
   */
  ablationcam: {
    kind: 'runs',
    title: 'Ablation-CAM',
    at: 'layer',
    async map(network) {
      const without = await network.scoresWithout(Array.from({ length: network.layer.channels }, (_, k) => k));
      const scale = Math.abs(network.score) || 1;
      return network.weighted(without.map((score) => (network.score - score) / scale));
    },
  },
  /** Uniform random channel weights in −1…1: a map that does not depend on the score (Adebayo et al. 2018). */
  random: {
    kind: 'runs',
    title: 'Random',
    at: 'layer',
    async map(network) {
      const weights = Array.from({ length: network.layer.channels }, () => 2 * network.random.uniform() - 1);
      return network.weighted(weights);
    },
  },
} as const satisfies Record<string, RunsMethod>;
