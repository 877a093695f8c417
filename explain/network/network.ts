/** @file The sessions that explain a network. Each stage is built once and runs only when its inputs change. */
import type { SessionOptions, SessionTensor } from '../../inference/runtime/session.js';
import type { Model } from '../../onnx/graph/graph.js';
import type { Layer } from './layers.js';
import type { NetworkInput } from '../../inference/networks/network-input.js';
import type { Backward, ScoredGraph, Sizes, Values } from '../methods/kinds/method.js';
import type { MethodName } from '../methods/table.js';
import { inBatches } from './batches.js';
import { pictureFeed, pictureSize, weightsFeed } from './feeds.js';
import { ForwardCache, type Forward, type KeptForward } from './forward-cache.js';
import { Graphs } from './graphs.js';
import type { NonFinite } from '../causes/non-finite.js';
import { FLAT, type Saturation } from '../causes/saturation.js';
import { BASELINE, type MapsOf } from './stages.js';
import { Sessions } from './sessions.js';
import { floats, product, repeated, sameNumbers, withoutChannels } from './tensors.js';
import { scoreCount, type ScoreHead } from '../../inference/networks/score-head.js';

/**
 * What a run computes: a whole explanation, the forward pass, the gradient at layers, the forward and backward pass to the picture, the forward
 * pass from a layer on, or maps.
 */
const stageNames = ['whole', 'forward', 'backward', 'pictureGradient', 'fromLayer', 'maps'] as const;

/** A stage, as `Network.runs` counts them. */
export type Stage = (typeof stageNames)[number];

/** Pictures per run of models with an open batch size. */
const MAX_BATCH = 8;
/** Channels that are set to 0 per run. */
const MAX_ABLATED = 32;

const MAX_KEPT_GRADIENTS = 4;
/** Number of batches explained by `whole` that are remembered. */
const MAX_EXPLAINED = 8;

/** What a layer makes of a picture: channels of its output [channels, height, width]. */
export interface LayerMaps extends Sizes {
  layer: Layer;
  data: Float32Array;
}

/** Runs a network and its gradients. */
export class Network {
  /** Pictures per run. */
  readonly batch: number;
  readonly #sessions: Sessions<Stage>;
  readonly #graphs: Graphs;
  readonly #explained: Float32Array[] = [];
  readonly #kept = new ForwardCache();

  constructor(
    readonly model: Model,
    readonly input: NetworkInput,
    readonly head: ScoreHead,
    options: SessionOptions,
    /** Pictures per run, where the model leaves it open. */
    openBatch = MAX_BATCH,
  ) {
    this.#graphs = new Graphs(model, head, input);
    this.#sessions = new Sessions(options, stageNames);
    this.batch = input.batch ?? openBatch;
  }

  /** Logits of pictures [M, C, H, W]; [M, scores]. */
  async logits(pictures: Float32Array): Promise<Float32Array> {
    const { key, model, logits } = this.#graphs.logits();
    const sizes = { picture: pictureSize(this.input), result: scoreCount(this.head), batch: this.batch };
    return inBatches(pictures, sizes, async (part) => {
      const results = await this.#sessions.run('forward', key, model, pictureFeed(this.input, part));
      return floats(results[logits]);
    });
  }

  /**
   * The forward pass of at most `batch` pictures. A cached result for the same pictures and layers is reused.
   */
  async forward(pictures: Float32Array, layers: readonly Layer[], { keep = true } = {}): Promise<Forward> {
    const stages = this.#graphs.layers(layers);
    const known = this.#kept.of(stages, pictures);
    if (known) return known;
    const count = pictures.length / pictureSize(this.input);
    const feeds = pictureFeed(this.input, pictures);
    const values = await this.#sessions.run('forward', `forward ${stages.key}`, stages.forward, feeds);
    const made: KeptForward = {
      stages,
      values,
      pictures: pictures.slice(),
      logits: floats(values[stages.logits]).subarray(0, count * scoreCount(this.head)),
      layers,
      count,
      connected: stages.layers.map(({ gradient }) => gradient !== null),
      shapes: stages.layers.map(({ shape }) => shape),
      activations: stages.layers.map(({ activations }) => values[activations] as SessionTensor),
      gradients: [],
    };
    if (keep) this.#kept.add(made);
    return made;
  }

  /** Whether these pictures are new: no forward pass is cached and `whole` has not explained them. */
  isNew(pictures: Float32Array): boolean {
    return !this.#kept.has(pictures) && !this.#explained.some((known) => sameNumbers(known, pictures));
  }

  /**
   * Logits and maps of at most `batch` pictures in one run of one graph (`wholeModel`). The result is not cached.
   * @param weights the share of each logit in the score [N, scores]; a row of zeros means the top class
   */
  async whole(
    pictures: Float32Array,
    weights: Float32Array,
    { layers, methods, eigen }: { layers: readonly Layer[]; methods: readonly MethodName[]; eigen: boolean },
  ) {
    const made = this.#graphs.whole(layers, methods, eigen);
    const results = await this.#sessions.run('whole', made.key, made.model, {
      ...pictureFeed(this.input, pictures),
      ...weightsFeed(this.input, weights, scoreCount(this.head)),
    });
    this.#explained.push(pictures.slice());
    if (this.#explained.length > MAX_EXPLAINED) this.#explained.shift();
    return {
      logits: floats(results[made.logits]).slice(0, weights.length),
      layers: made.layers.map(({ layer, connected, largestGradient, largestProduct, maps }) => ({
        layer,
        connected,
        largestGradients: floats(results[largestGradient]),
        largestProducts: floats(results[largestProduct]),
        maps: maps.map(({ value, ...map }) => ({ ...map, tensor: results[value] as SessionTensor })),
      })),
    };
  }

  /**
   * Each layer's ∂score/∂A [N, K, h, w], null where the score does not depend on it.
   * @param forward of this network
   * @param weights the share of each logit in the score [N, scores]
   */
  async layerGradients(forward: Forward, weights: Float32Array): Promise<(SessionTensor | null)[]> {
    const { stages, values, gradients, pictures } = forward as KeptForward;
    const known = gradients.find((each) => sameNumbers(each.weights, weights));
    if (known) return known.values;
    const { key, backward } = stages;
    if (!backward) return stages.layers.map(() => null);
    const picture = pictureFeed(this.input, pictures);
    const feeds = Object.fromEntries(
      stages.frontier.map((name) => [name, name === this.input.name ? picture[name] : values[name]] as const),
    ) as Record<string, SessionTensor>;
    const results = await this.#sessions.run('backward', `backward ${key}`, backward, {
      ...feeds,
      ...weightsFeed(this.input, weights, scoreCount(this.head)),
    });
    const made = stages.layers.map(({ gradient }) => (gradient === null ? null : (results[gradient] as SessionTensor)));
    gradients.push({ weights: weights.slice(), values: made });
    if (gradients.length > MAX_KEPT_GRADIENTS) gradients.shift();
    this.#kept.trim();
    return made;
  }

  /**
   * ∂score/∂picture of pictures [M, C, H, W].
   * @param weights the share of each logit in the score [M, scores]
   * @param backward how rectifiers pass the gradient
   */
  async pictureGradients(
    pictures: Float32Array,
    weights: Float32Array,
    backward: Backward = 'true',
  ): Promise<Float32Array> {
    const { key, model, gradient } = this.#graphs.pictureGradient(backward);
    const scores = scoreCount(this.head);
    const size = pictureSize(this.input);
    return inBatches(pictures, { picture: size, result: size, batch: this.batch }, async (part, count, start) => {
      const rows = weights.subarray(start * scores, (start + count) * scores);
      const feeds = { ...pictureFeed(this.input, part), ...weightsFeed(this.input, rows, scores) };
      const results = await this.#sessions.run('pictureGradient', key, model, feeds);
      return floats(results[gradient]);
    });
  }

  /**
   * DeepLIFT's multipliers Δscore/Δpicture of pictures [M, C, H, W], each compared with its baseline [M, C, H, W].
   * @param weights the share of each logit in the score [M, scores]
   */
  async multipliers(pictures: Float32Array, baselines: Float32Array, weights: Float32Array): Promise<Float32Array> {
    const { key, model, gradient } = this.#graphs.multipliers();
    const scores = scoreCount(this.head);
    const size = pictureSize(this.input);
    return inBatches(pictures, { picture: size, result: size, batch: this.batch }, async (part, count, start) => {
      const rows = weights.subarray(start * scores, (start + count) * scores);
      const others = pictureFeed(this.input, baselines.subarray(start * size, (start + count) * size));
      const results = await this.#sessions.run('pictureGradient', key, model, {
        ...pictureFeed(this.input, part),
        [BASELINE]: others[this.input.name] as SessionTensor,
        ...weightsFeed(this.input, rows, scores),
      });
      return floats(results[gradient]);
    });
  }

  /**
   * The parts of one picture's full gradient (`fullGradientParts`): [K, h, w] if a part has positions, else [K, 1, 1].
   * @param weights the share of each logit in the score [scores]
   */
  async fullGradient(picture: Float32Array, weights: Float32Array): Promise<{ data: Float32Array; sizes: Sizes }[]> {
    const { key, model, parts } = this.#graphs.fullGradient();
    const feeds = { ...pictureFeed(this.input, picture), ...weightsFeed(this.input, weights, weights.length) };
    const results = await this.#sessions.run('pictureGradient', key, model, feeds);
    return parts.map((part) => {
      const { data, dims } = results[part] as SessionTensor;
      const [, channels = 1, height = 1, width = 1] = dims.length === 4 ? dims : [1, dims.slice(1).reduce(product, 1)];
      const size = channels * height * width;
      return { data: (data as Float32Array).slice(0, size), sizes: { channels, height, width } };
    });
  }

  /**
   * Values [N, …] that a method appends to the network, for one picture [1, …].
   * @param weights the share of each logit in the score [scores]
   * @param layer that the method explains, or the picture
   * @param key the same for the same values
   */
  async appended(
    picture: Float32Array,
    weights: Float32Array,
    layer: Layer,
    key: string,
    append: (network: ScoredGraph) => string[],
  ): Promise<Values[]> {
    const made = this.#graphs.appended(key, layer, append);
    const feeds = { ...pictureFeed(this.input, picture), ...weightsFeed(this.input, weights, weights.length) };
    const results = await this.#sessions.run('backward', made.key, made.model, feeds);
    const rows = this.input.batch ?? 1;
    return made.outputs.map((output) => {
      const { data, dims } = results[output] as SessionTensor;
      const [first = 1, ...rest] = dims;
      return { data: (data as Float32Array).slice(0, data.length / rows), dims: [first / rows, ...rest] };
    });
  }

  /**
   * Logits [channels, scores] of one picture: row k has channel k of a layer set to 0. The network up to the layer runs
   * once, on a batch of copies of the picture.
   */
  async logitsWithout(picture: Float32Array, layer: Layer, channels: readonly number[]): Promise<Float32Array> {
    const { key, before, after, logits } = this.#graphs.cut(layer);
    const scores = scoreCount(this.head);
    const found = new Float32Array(channels.length * scores);
    if (!after) {
      const whole = await this.logits(picture);
      channels.forEach((_, at) => found.set(whole, at * scores));
      return found;
    }
    const rows = this.input.batch ?? Math.min(channels.length, this.batch === 1 ? 1 : MAX_ABLATED);
    const pictures = repeated(picture, rows);
    const values = await this.#sessions.run('forward', `before ${key}`, before, pictureFeed(this.input, pictures));
    const activations = values[layer.value] as SessionTensor;
    for (let start = 0; start < channels.length; start += rows) {
      const own = channels.slice(start, start + rows);
      const feeds = { ...values, [layer.value]: withoutChannels(activations, own, layer.channelAxis ?? 1) } as Record<
        string,
        SessionTensor
      >;
      const results = await this.#sessions.run('fromLayer', `after ${key}`, after, feeds);
      found.set(floats(results[logits]).subarray(0, own.length * scores), start * scores);
    }
    return found;
  }

  /**
   * The logits [scores] of one prepared picture, and what layers make of it, in one run.
   * @param count how many channels of each layer
   * @param whole the value of a layer of which all channels are wanted
   */
  async look(picture: Float32Array, layers: readonly Layer[], count: number, whole?: string) {
    const { key, model, logits, maps } = this.#graphs.look(layers, count);
    const feeds = pictureFeed(this.input, repeated(picture, this.input.batch ?? 1));
    const shown = maps.map(({ layer, whole: all, first }) => (layer.value === whole ? all : first));
    const results = await this.#sessions.run('forward', key, model, feeds, [logits, ...shown]);
    return {
      logits: floats(results[logits]).slice(0, scoreCount(this.head)),
      maps: maps.map(({ layer }, at): LayerMaps => {
        const { data, dims } = results[shown[at] as string] as SessionTensor;
        const [, channels = 0, height = 0, width = 0] = dims;
        return { layer, channels, height, width, data: (data as Float32Array).slice(0, channels * height * width) };
      }),
    };
  }

  /** For each of at most `batch` pictures: a saturated activation between a value and the logits, if there is one. */
  async saturations(pictures: Float32Array, from: string): Promise<(Saturation | undefined)[]> {
    const { key, model, activations } = this.#graphs.slopes(from);
    const count = pictures.length / pictureSize(this.input);
    if (activations.length === 0) return Array.from({ length: count });
    const results = await this.#sessions.run('forward', key, model, pictureFeed(this.input, pictures));
    return Array.from({ length: count }, (_, row) =>
      activations.find(({ slope }) => (floats(results[slope])[row] ?? 1) < FLAT),
    );
  }

  /**
   * The node that makes a picture's gradient at a value, or its logits, infinite or NaN.
   * @param weights the share of each logit in the score [scores]
   */
  async nonFinite(picture: Float32Array, weights: Float32Array, from: string): Promise<NonFinite | undefined> {
    const { key, model, output, culprit } = this.#graphs.finiteness(from);
    const feeds = { ...pictureFeed(this.input, picture), ...weightsFeed(this.input, weights, weights.length) };
    const results = await this.#sessions.run('backward', key, model, feeds);
    return culprit(floats(results[output]));
  }

  /** Maps from each item's activations and gradients, for methods that are graphs. */
  async maps(
    items: readonly (Pick<MapsOf, 'shape' | 'methods'> & { activations: SessionTensor; gradients: SessionTensor })[],
    eigen: boolean,
  ) {
    const made = this.#graphs.maps(items, eigen);
    if (made.model.graph.outputs.length === 0) return items.map(() => []);
    const feeds = made.items.flatMap(({ activations, gradients }, index) => [
      [activations, (items[index] as (typeof items)[number]).activations] as const,
      [gradients, (items[index] as (typeof items)[number]).gradients] as const,
    ]);
    const results = await this.#sessions.run('maps', made.key, made.model, Object.fromEntries(feeds));
    return made.items.map(({ outputs }) =>
      outputs.map(({ method, value, projected }) => ({ method, projected, tensor: results[value] as SessionTensor })),
    );
  }

  /** Releases the sessions and the cache. */
  async dispose(): Promise<void> {
    this.#kept.clear();
    this.#explained.length = 0;
    await this.#sessions.dispose();
  }

  /** How often each stage has run. */
  get runs(): Readonly<Record<Stage, number>> {
    return this.#sessions.runs;
  }

  /** The picture as a layer, for methods that explain the picture itself. */
  get pictureLayer(): Layer {
    const { name, picture } = this.input;
    const { channels, height, width } = picture;
    return { name, value: name, op: 'Input', shape: ['batch', channels, height, width] };
  }
}
