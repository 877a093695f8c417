/** @file The interface between the network and methods that need further runs, for one picture and one target. */
import { blackInput } from '../../inference/networks/network-input.js';
import { Random } from '../../inference/numeric/random.js';
import type { PictureInput } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import type { Layer, TokenGrid } from '../network/layers.js';
import { baselinePicture, checkedBaselines, type BaselineName } from '../methods/gradients/baselines.js';
import type { NetworkRuns, Sizes } from '../methods/kinds/method.js';
import type { Network } from '../network/network.js';
import { firstComponent } from '../../inference/numeric/decompositions/principal-component.js';
import { floats, repeated } from '../network/tensors.js';
import { targetScore } from '../targets/targets.js';

/** How many runs the methods make, and their random seed. */
export interface RunOptions {
  /** Integer of 0…2^53 − 1. */
  seed: number;
  samples: number;
  noise: number;
  steps: number;
  /** Where paths begin; several are averaged. */
  baselines: readonly BaselineName[];
  /** Forward passes of a map by masks (`RunsMethod.runs`); by default as many as its method recommends. */
  forwards?: number;
}

const MAX_RUNS = 10_000;
/** Largest budget of forward passes. */
const MAX_FORWARDS = 100_000;

/** Default options; samples and noise as recommended in the SmoothGrad paper. */
const defaultRunOptions: RunOptions = { seed: 0, samples: 25, noise: 0.15, steps: 50, baselines: ['black'] };

/** The options, with defaults. @throws InputError for those out of range */
export function checkedRunOptions(given: Partial<RunOptions> = {}): RunOptions {
  const options = { ...defaultRunOptions, ...given };
  const { samples, noise, steps, forwards } = options;
  for (const [name, count] of Object.entries({ samples, steps })) {
    if (!Number.isInteger(count) || count < 1 || count > MAX_RUNS)
      throw new InputError({ name: name, expected: `an integer of 1…${MAX_RUNS}`, got: count });
  }
  if (forwards !== undefined && !(Number.isInteger(forwards) && forwards >= 1 && forwards <= MAX_FORWARDS))
    throw new InputError({ name: 'runs', expected: `an integer of 1…${MAX_FORWARDS}`, got: forwards });
  if (!(noise >= 0 && noise <= 1)) throw new InputError({ name: 'noise', expected: 'a number of 0…1', got: noise });
  return { ...options, baselines: checkedBaselines(options.baselines) };
}

/** A picture, its target and, if a layer is explained, the layer's activations [1, K, h, w]. */
export interface PictureTarget {
  input: Float32Array;
  /** Weight of each logit in the score [scores]. */
  weights: Float32Array;
  logits: Float32Array;
  layer?: { layer: Layer; activations: Float32Array; sizes: Sizes };
  /** What methods have in common, by name; an empty one at first. */
  shared: Map<string, Promise<unknown>>;
}

/** Callbacks of one map. */
export interface RunControl {
  /** Told how many of its forward passes are done. */
  progress?(this: void, done: number, total: number): void;
  /** Stops before the next run: its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/** The runs that a method can request. Methods with the same seed get the same noise, for every picture. */
export function pictureRuns(
  network: Network,
  target: PictureTarget,
  { runs: options, eigen, grid }: { runs: RunOptions; eigen: boolean; grid: TokenGrid },
  { progress, signal }: RunControl = {},
): NetworkRuns {
  const { input, weights, layer } = target;
  const picture = network.input.picture;
  const rowsOf = (pictures: Float32Array) => repeated(weights, pictures.length / input.length);
  const scoresOf = (logits: Float32Array) => {
    const scores = weights.length;
    return Float32Array.from({ length: logits.length / scores }, (_, row) =>
      targetScore(weights, logits.subarray(row * scores, (row + 1) * scores)),
    );
  };
  let baselines: Float32Array[] | undefined;
  return {
    input,
    get baselines() {
      return (baselines ??= options.baselines.map((name) =>
        baselinePicture(name, input, blackInput(network.input), picture),
      ));
    },
    get shown() {
      return shownPicture(input, picture);
    },
    picture,
    activations: layer?.activations ?? input,
    layer: layer?.sizes ?? picture,
    grid,
    weighted: (weightsOfChannels) => {
      const { channels, height, width } = layer?.sizes ?? picture;
      const plane = height * width;
      const parts = (layer?.activations ?? input).map(
        (value, at) => value * (weightsOfChannels[Math.floor(at / plane)] ?? 0),
      );
      return { data: eigen ? firstComponent(parts, channels) : channelSum(parts, plane), height, width };
    },
    score: scoresOf(target.logits)[0] ?? Number.NaN,
    random: Random.derived(options.seed, 'explain'),
    samples: options.samples,
    noise: options.noise,
    steps: options.steps,
    ...(options.forwards !== undefined && { runs: options.forwards }),
    shared: <T>(name: string, make: () => Promise<T>) => {
      const made = target.shared.get(name) ?? make();
      target.shared.set(name, made);
      return made as Promise<T>;
    },
    ...(progress && { progress }),
    batch: network.batch,
    scores: async (pictures) => {
      signal?.throwIfAborted();
      return scoresOf(await network.logits(pictures));
    },
    scoresWithout: async (channels) => {
      signal?.throwIfAborted();
      return scoresOf(
        layer ? await network.changedLayer.logitsWithout(input, layer.layer, channels) : new Float32Array(),
      );
    },
    gradients: async (pictures, backward) => {
      signal?.throwIfAborted();
      return network.pictureGradients(pictures, rowsOf(pictures), backward);
    },
    multipliers: async (pictures, others) => {
      signal?.throwIfAborted();
      return network.multipliers(pictures, others, rowsOf(pictures));
    },
    relevance: async (composite) => {
      signal?.throwIfAborted();
      return network.onePicture.relevance(input, weights, composite);
    },
    atLayer: async (pictures) => {
      if (!layer) return { activations: new Float32Array(), gradients: new Float32Array() };
      const size = layer.activations.length;
      const count = pictures.length / input.length;
      const activations = new Float32Array(count * size);
      const gradients = new Float32Array(count * size);
      for (let start = 0; start < count; start += network.batch) {
        signal?.throwIfAborted();
        const part = pictures.subarray(start * input.length, (start + network.batch) * input.length);
        const forward = await network.forward(part, [layer.layer], { keep: false });
        const [gradient] = await network.layerGradients(forward, rowsOf(part));
        activations.set(floats(forward.activations[0]).subarray(0, forward.count * size), start * size);
        if (gradient) gradients.set(floats(gradient).subarray(0, forward.count * size), start * size);
      }
      return { activations, gradients };
    },
    alongLayer: async (baseline, shares) => {
      signal?.throwIfAborted();
      return layer
        ? network.changedLayer.alongLayer({ picture: input, baseline }, weights, layer.layer, shares)
        : { bypassed: false };
    },
    layerMultipliers: async (others) => {
      signal?.throwIfAborted();
      return layer
        ? network.changedLayer.layerMultipliers({ picture: input, baselines: others }, weights, layer.layer)
        : { bypassed: false };
    },
    values: (key, append) =>
      network.onePicture.appended(input, weights, layer?.layer ?? network.pictureLayer, key, append),
    fullGradient: () => network.onePicture.fullGradient(input, weights),
  };
}

/** A prepared picture without its normalisation, in the order RGB. */
function shownPicture(input: Float32Array, { normalization, channelOrder, channels }: PictureInput): Float32Array {
  const plane = input.length / channels;
  const shown = new Float32Array(input.length);
  for (let channel = 0; channel < channels; channel++) {
    const place = channelOrder && channels === 3 ? 'RGB'.indexOf(channelOrder[channel] ?? '') : channel;
    const [mean = 0, std = 1] = [normalization.mean[channel], normalization.std[channel]];
    for (let at = 0; at < plane; at++) shown[place * plane + at] = (input[channel * plane + at] as number) * std + mean;
  }
  return shown;
}

function channelSum(parts: Float32Array, plane: number): Float32Array {
  const sums = new Float64Array(plane);
  parts.forEach((value, at) => (sums[at % plane] = (sums[at % plane] ?? 0) + value));
  return Float32Array.from(sums);
}
