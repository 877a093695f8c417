/** @file Maps that average gradients over noisy copies of the picture. */
import { jackknifeErrors, jackknifeGroups } from '../../../inference/numeric/jackknife.js';
import type { NetworkRuns, RunsMethod, SignedMap, Sizes } from '../kinds/method.js';

/** The standard deviation that `noise` sets: a share of the picture's range. */
export function noiseDeviation({ input, noise }: NetworkRuns): number {
  const most = input.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const least = input.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return noise * (most - least);
}

/** Noisy copies of the picture, one batch at a time; the noise is normal with the standard deviation that `noise` sets. */
export function* noisyBatches(network: NetworkRuns): Generator<Float32Array> {
  const { input, samples, random, batch } = network;
  const std = noiseDeviation(network);
  for (let start = 0; start < samples; start += batch) {
    const count = Math.min(batch, samples - start);
    yield Float32Array.from(
      { length: count * input.length },
      (_, at) => (input[at % input.length] ?? 0) + std * random.normal(),
    );
  }
}

/** Numbers of gradients that are kept for other methods. */
const MOST_KEPT = 2 ** 24;

/**
 * The picture's gradients for its noisy copies, one batch at a time. They are the same for all methods, which share them if
 * they are not too many to keep.
 */
async function* noisyGradients(network: NetworkRuns): AsyncGenerator<Float32Array> {
  const areKept = network.samples * network.input.length <= MOST_KEPT;
  if (areKept) return yield* await network.shared('noisy gradients', () => allOf(runs()));
  yield* runs();
  async function* runs() {
    for (const noisy of noisyBatches(network)) yield await network.gradients(noisy);
  }
}

async function allOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** Adds powers of gradients [M, …] to totals with the size of one picture. */
function addPowers(totals: readonly Float64Array[], gradients: Float32Array): void {
  totals.forEach((total, power) =>
    gradients.forEach((g, at) => (total[at % total.length] = (total[at % total.length] ?? 0) + g ** (power + 1))),
  );
}

/** A map of squares divided by the root of its largest value: squares of small gradients would vanish beside 1e-7. */
function inGradientUnits({ data, ...sizes }: SignedMap): SignedMap {
  const root = Math.sqrt(data.reduce((most, value) => Math.max(most, value), 0)) || 1;
  return { ...sizes, data: data.map((value) => value / root) };
}

/** Means of the powers of the picture's gradient over noisy copies. */
async function gradientPowers(network: NetworkRuns, powers: number): Promise<Float64Array[]> {
  const totals = Array.from({ length: powers }, () => new Float64Array(network.input.length));
  for await (const gradients of noisyGradients(network)) addPowers(totals, gradients);
  return totals.map((total) => total.map((value) => value / network.samples));
}

/** max_c |value| */
export function largestOfChannels(values: ArrayLike<number>, { height, width }: Sizes): SignedMap {
  const data = new Float32Array(height * width);
  for (let at = 0; at < values.length; at++) {
    const position = at % data.length;
    data[position] = Math.max(data[position] ?? 0, Math.abs(values[at] as number));
  }
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
      for (const noisy of noisyBatches(network)) addPowers(totals, (await network.atLayer(noisy)).gradients);
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
    pixelwise: true,
    async map(network) {
      const { input, samples, picture } = network;
      const groups = jackknifeGroups(samples, input.length);
      const [all, ...parts] = Array.from({ length: groups + 1 }, () => new Float64Array(input.length));
      let draw = 0;
      for await (const gradients of noisyGradients(network)) {
        for (let start = 0; start < gradients.length; start += input.length, draw++) {
          const own = gradients.subarray(start, start + input.length);
          for (const total of [all, parts[draw % groups]]) if (total) addPowers([total], own);
        }
      }
      const mapOf = (left?: Float64Array, fewer = 0) =>
        largestOfChannels(
          (all as Float64Array).map((sum, at) => (sum - (left?.[at] ?? 0)) / (samples - fewer)),
          picture,
        );
      const without = (group: number) => mapOf(parts[group], Math.ceil((samples - group) / groups)).data;
      return { ...mapOf(), ...(groups > 1 && { standardError: jackknifeErrors(groups, without) }) };
    },
  },
  /** Adebayo et al. 2018, as Hooker et al. 2019 name it: max_c of the variance of ∂score/∂x over noisy pictures, by the largest deviation. */
  vargrad: {
    kind: 'runs',
    title: 'VarGrad',
    at: 'picture',
    pixelwise: true,
    async map(network) {
      const [first, second] = (await gradientPowers(network, 2)) as [Float64Array, Float64Array];
      const variances = second.map((square, at) => Math.max(0, square - (first[at] as number) ** 2));
      return inGradientUnits(largestOfChannels(variances, network.picture));
    },
  },
  /** Hooker et al. 2019, section 4.1 (SmoothGrad squared): max_c of the mean of (∂score/∂x)² over noisy pictures, by its largest root. */
  squaregrad: {
    kind: 'runs',
    title: 'SquareGrad',
    at: 'picture',
    pixelwise: true,
    async map(network) {
      const [, second] = await gradientPowers(network, 2);
      return inGradientUnits(largestOfChannels(second as Float64Array, network.picture));
    },
  },
} as const satisfies Record<string, RunsMethod>;
