/** @file Maps without gradients: how the score changes when the picture is masked or a channel is removed. */
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import { extremes } from '../../maps/shown/normalize.js';
import type { NetworkRuns, RunsMethod } from '../kinds/method.js';

/** Keeps the division by the range of a constant channel finite, as in pytorch-grad-cam. */
const EPSILON = 1e-8;

/** What the picture is multiplied with instead of a channel's mask [H, W]. */
export type Masking = (mask: Float32Array) => ArrayLike<number>;

/** A channel's activations [H, W], enlarged and scaled to 0…1. */
function maskOf({ activations, layer, picture }: NetworkRuns, channel: number): Float32Array {
  const plane = layer.height * layer.width;
  const own = activations.subarray(channel * plane, (channel + 1) * plane);
  const mask = bilinearResized(own, layer.height, layer.width, picture.height, picture.width);
  const { least, largest: most } = extremes(mask);
  const range = most - least + EPSILON;
  for (let at = 0; at < mask.length; at++) mask[at] = ((mask[at] as number) - least) / range;
  return mask;
}

/** Writes the picture times a mask into `masked`, from `start` on. */
function maskPicture(input: Float32Array, mask: ArrayLike<number>, masked: Float32Array, start: number): void {
  for (let from = 0; from < input.length; from += mask.length) {
    for (let at = 0; at < mask.length; at++)
      masked[start + from + at] = (input[from + at] as number) * (mask[at] as number);
  }
}

/** For each channel the first one with the same mask: all constant channels, such as dead ones, mask everything. */
function firstAlike({ activations, layer }: NetworkRuns): number[] {
  const plane = layer.height * layer.width;
  let constant: number | undefined;
  return Array.from({ length: layer.channels }, (_, channel) => {
    const own = activations.subarray(channel * plane, (channel + 1) * plane);
    if (own.some((value) => value !== own[0])) return channel;
    return (constant ??= channel);
  });
}

/** The weights of channels: the softmax of the mean of the scores of the picture with each of some maskings by the channel. */
export async function scoreWeights(network: NetworkRuns, maskings: readonly Masking[]): Promise<number[]> {
  const alike = firstAlike(network);
  const channels = [...new Set(alike)];
  const totals = new Map(channels.map((channel) => [channel, 0]));
  for (const masking of maskings) {
    const scores = await maskedScores(network, channels, masking);
    channels.forEach((channel, at) => totals.set(channel, (totals.get(channel) as number) + (scores[at] as number)));
  }
  return softmax(alike.map((channel) => (totals.get(channel) as number) / maskings.length));
}

/** The scores of the picture masked by each of some channels. The next masks are made while the network runs. */
async function maskedScores(network: NetworkRuns, channels: readonly number[], masking: Masking): Promise<number[]> {
  const size = network.input.length;
  const scores: number[] = [];
  let running: Promise<Float32Array> | undefined;
  for (let start = 0; start < channels.length; start += network.batch) {
    const own = channels.slice(start, start + network.batch);
    const masked = new Float32Array(own.length * size);
    own.forEach((channel, row) => maskPicture(network.input, masking(maskOf(network, channel)), masked, row * size));
    if (running) scores.push(...(await running));
    running = network.scores(masked);
  }
  if (running) scores.push(...(await running));
  return scores;
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
      return network.weighted(await scoreWeights(network, [(mask) => mask]));
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

/** Windows along a side: an eighth of it wide, half overlapping. */
function windowsOf(side: number): { from: number; to: number }[] {
  const size = Math.max(1, Math.round(side / 8));
  const stride = Math.max(1, Math.floor(size / 2));
  const count = Math.ceil((side - size) / stride) + 1;
  return Array.from({ length: count }, (_, i) => ({ from: i * stride, to: Math.min(side, i * stride + size) }));
}

/** Calls for each position of a window in one channel [H, W]. */
function forWindow({ rows, columns }: Window, width: number, call: (at: number) => void): void {
  for (let y = rows.from; y < rows.to; y++) for (let x = columns.from; x < columns.to; x++) call(y * width + x);
}

interface Window {
  rows: { from: number; to: number };
  columns: { from: number; to: number };
}

/** Methods that hide parts of the picture. */
export const occlusionMethods = {
  /**
   * Zeiler and Fergus 2014, section 4.2, as captum's Occlusion: at each position, the mean drop of the score over all windows
   * that cover it, which show the baseline instead. Windows are an eighth of the sides and move by half of that.
   */
  occlusion: {
    kind: 'runs',
    title: 'Occlusion',
    at: 'picture',
    async map(network) {
      const { input, baselines, batch, score, picture } = network;
      const { height, width } = picture;
      const plane = height * width;
      const windows = windowsOf(height).flatMap((rows) =>
        windowsOf(width).map((columns): Window => ({ rows, columns })),
      );
      const hidden = baselines.flatMap((baseline) => windows.map((window) => ({ window, baseline })));
      const [drops, counts] = [new Float64Array(plane), new Float64Array(plane)];
      for (let start = 0; start < hidden.length; start += batch) {
        const own = hidden.slice(start, start + batch);
        const pictures = new Float32Array(own.length * input.length);
        own.forEach(({ window, baseline }, row) => {
          const changed = pictures.subarray(row * input.length, (row + 1) * input.length);
          changed.set(input);
          for (let from = 0; from < input.length; from += plane)
            forWindow(window, width, (at) => (changed[from + at] = baseline[from + at] as number));
        });
        const scores = await network.scores(pictures);
        own.forEach(({ window }, row) =>
          forWindow(window, width, (at) => {
            drops[at] = (drops[at] as number) + score - (scores[row] as number);
            counts[at] = (counts[at] as number) + 1;
          }),
        );
      }
      return { data: Float32Array.from(drops, (drop, at) => drop / (counts[at] as number)), height, width };
    },
  },
} as const satisfies Record<string, RunsMethod>;
