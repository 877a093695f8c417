/** @file The sessions that explain a network. Each stage is built once and runs only when its inputs change. */
import type { SessionOptions, SessionTensor } from '../../inference/runtime/session.js';
import type { Model } from '../../onnx/graph/graph.js';
import type { Layer } from './layers.js';
import type { NetworkInput } from '../../inference/networks/network-input.js';
import type { Sizes } from '../methods/method.js';
import type { MethodName } from '../methods/table.js';
import {
  cutStages,
  fullGradientModel,
  layerStages,
  logitsModel,
  mapsModel,
  pictureGradientModel,
  type CutStages,
  type LayerStages,
  type MapsModel,
  type MapsOf,
} from './stages.js';
import { TARGET_WEIGHTS } from './scored-network.js';
import { wholeModel, type WholeModel } from './whole-model.js';
import { filledRows, pictureFeed, pictureSize } from './feeds.js';
import { ForwardCache, type Forward, type KeptForward } from './forward-cache.js';
import { FLAT, slopesModel, type Saturation, type SlopesModel } from './saturation.js';
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

/** Runs a network and its gradients. */
export class Network {
  /** Pictures per run. */
  readonly batch: number;
  readonly #sessions: Sessions<Stage>;
  readonly #stages = new Map<string, LayerStages>();
  readonly #maps = new Map<string, MapsModel>();
  readonly #cuts = new Map<string, CutStages>();
  readonly #slopes = new Map<string, SlopesModel>();
  readonly #full = once(() => fullGradientModel(this.model, this.head, this.input));
  readonly #logits = once(() => logitsModel(this.model, this.head));
  readonly #gradient = once(() => pictureGradientModel(this.model, this.head, this.input, false));
  readonly #guided = once(() => pictureGradientModel(this.model, this.head, this.input, true));
  readonly #wholes = new Map<string, WholeModel>();
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
    this.#sessions = new Sessions(options, stageNames);
    this.batch = input.batch ?? openBatch;
  }

  /** Logits of pictures [M, C, H, W]; [M, scores]. */
  async logits(pictures: Float32Array): Promise<Float32Array> {
    const { model, logits } = this.#logits();
    return this.#inBatches(pictures, scoreCount(this.head), async (part) => {
      const results = await this.#sessions.run('forward', 'logits', model, pictureFeed(this.input, part));
      return floats(results[logits]);
    });
  }

  /**
   * The forward pass of at most `batch` pictures. A cached result for the same pictures and layers is reused.
   */
  async forward(pictures: Float32Array, layers: readonly Layer[], { keep = true } = {}): Promise<Forward> {
    const key = layers
      .map(({ value, tokens }) => `${value}${tokens ? ` ${tokens.height}×${tokens.width}` : ''}`)
      .join('\n');
    const known = this.#kept.of(key, pictures);
    if (known) return known;
    const stages = this.#stages.get(key) ?? layerStages(this.model, this.head, layers);
    this.#stages.set(key, stages);
    const count = pictures.length / pictureSize(this.input);
    const values = await this.#sessions.run(
      'forward',
      `forward\n${key}`,
      stages.forward,
      pictureFeed(this.input, pictures),
    );
    const made: KeptForward = {
      key,
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
    const key = JSON.stringify(['whole', eigen, methods, layers.map(({ value, tokens }) => [value, tokens])]);
    const made = this.#wholes.get(key) ?? wholeModel(this.model, this.head, layers, methods, eigen);
    this.#wholes.set(key, made);
    const scores = scoreCount(this.head);
    const rows = { [TARGET_WEIGHTS]: filledRows(weights, scores, this.input.batch) };
    const results = await this.#sessions.run('whole', key, made.model, {
      ...pictureFeed(this.input, pictures),
      ...rows,
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
    const { key, stages, values, gradients, pictures } = forward as KeptForward;
    const known = gradients.find((each) => sameNumbers(each.weights, weights));
    if (known) return known.values;
    const { backward } = stages;
    if (!backward) return stages.layers.map(() => null);
    const picture = pictureFeed(this.input, pictures);
    const feeds = Object.fromEntries(
      stages.frontier.map((name) => [name, name === this.input.name ? picture[name] : values[name]] as const),
    ) as Record<string, SessionTensor>;
    const weightFeeds = { [TARGET_WEIGHTS]: filledRows(weights, scoreCount(this.head), this.input.batch) };
    const results = await this.#sessions.run('backward', `backward\n${key}`, backward, { ...feeds, ...weightFeeds });
    const made = stages.layers.map(({ gradient }) => (gradient === null ? null : (results[gradient] as SessionTensor)));
    gradients.push({ weights: weights.slice(), values: made });
    if (gradients.length > MAX_KEPT_GRADIENTS) gradients.shift();
    this.#kept.trim();
    return made;
  }

  /**
   * ∂score/∂picture of pictures [M, C, H, W].
   * @param weights the share of each logit in the score [M, scores]
   * @param guided whether to use guided backpropagation
   */
  async pictureGradients(pictures: Float32Array, weights: Float32Array, guided = false): Promise<Float32Array> {
    const { model, gradient } = guided ? this.#guided() : this.#gradient();
    const scores = scoreCount(this.head);
    return this.#inBatches(pictures, pictureSize(this.input), async (part, count, start) => {
      const rows = weights.subarray(start * scores, (start + count) * scores);
      const feeds = { ...pictureFeed(this.input, part), [TARGET_WEIGHTS]: filledRows(rows, scores, this.input.batch) };
      const results = await this.#sessions.run('pictureGradient', guided ? 'guided' : 'picture', model, feeds);
      return floats(results[gradient]);
    });
  }

  /**
   * The parts of one picture's full gradient (`fullGradientParts`): [K, h, w] if a part has positions, else [K, 1, 1].
   * @param weights the share of each logit in the score [scores]
   */
  async fullGradient(picture: Float32Array, weights: Float32Array): Promise<{ data: Float32Array; sizes: Sizes }[]> {
    const { model, parts } = this.#full();
    const feeds = {
      ...pictureFeed(this.input, picture),
      [TARGET_WEIGHTS]: filledRows(weights, weights.length, this.input.batch),
    };
    const results = await this.#sessions.run('pictureGradient', 'full', model, feeds);
    return parts.map((part) => {
      const { data, dims } = results[part] as SessionTensor;
      const [, channels = 1, height = 1, width = 1] = dims.length === 4 ? dims : [1, dims.slice(1).reduce(product, 1)];
      const size = channels * height * width;
      return { data: (data as Float32Array).slice(0, size), sizes: { channels, height, width } };
    });
  }

  /**
   * Logits [channels, scores] of one picture: row k has channel k of a layer set to 0. The network up to the layer runs
   * once, on a batch of copies of the picture.
   */
  async logitsWithout(picture: Float32Array, layer: Layer, channels: readonly number[]): Promise<Float32Array> {
    const cut = this.#cuts.get(layer.value) ?? cutStages(this.model, this.head, layer);
    this.#cuts.set(layer.value, cut);
    const { after, logits } = cut;
    const scores = scoreCount(this.head);
    const found = new Float32Array(channels.length * scores);
    if (!after) {
      const whole = await this.logits(picture);
      channels.forEach((_, at) => found.set(whole, at * scores));
      return found;
    }
    const rows = this.input.batch ?? Math.min(channels.length, this.batch === 1 ? 1 : MAX_ABLATED);
    const pictures = repeated(picture, rows);
    const values = await this.#sessions.run(
      'forward',
      `before\n${layer.value}`,
      cut.before,
      pictureFeed(this.input, pictures),
    );
    const activations = values[layer.value] as SessionTensor;
    for (let start = 0; start < channels.length; start += rows) {
      const own = channels.slice(start, start + rows);
      const feeds = { ...values, [layer.value]: withoutChannels(activations, own, layer.channelAxis ?? 1) } as Record<
        string,
        SessionTensor
      >;
      const results = await this.#sessions.run('fromLayer', `after\n${layer.value}`, after, feeds);
      found.set(floats(results[logits]).subarray(0, own.length * scores), start * scores);
    }
    return found;
  }

  /** For each of at most `batch` pictures: a saturated activation between a value and the logits, if there is one. */
  async saturations(pictures: Float32Array, from: string): Promise<(Saturation | undefined)[]> {
    const slopes = this.#slopes.get(from) ?? slopesModel(this.model, this.head, from);
    this.#slopes.set(from, slopes);
    const { model, activations } = slopes;
    const count = pictures.length / pictureSize(this.input);
    if (activations.length === 0) return Array.from({ length: count });
    const results = await this.#sessions.run('forward', `slopes\n${from}`, model, pictureFeed(this.input, pictures));
    return Array.from({ length: count }, (_, row) =>
      activations.find(({ slope }) => (floats(results[slope])[row] ?? 1) < FLAT),
    );
  }

  /** Maps from each item's activations and gradients, for methods that are graphs. */
  async maps(
    items: readonly (Pick<MapsOf, 'shape' | 'methods'> & { activations: SessionTensor; gradients: SessionTensor })[],
    eigen: boolean,
  ) {
    const key = JSON.stringify(['maps', eigen, items.map(({ shape, methods }) => [shape, methods])]);
    const made = this.#maps.get(key) ?? mapsModel(items, eigen);
    this.#maps.set(key, made);
    if (made.model.graph.outputs.length === 0) return items.map(() => []);
    const feeds = made.items.flatMap(({ activations, gradients }, index) => [
      [activations, (items[index] as (typeof items)[number]).activations] as const,
      [gradients, (items[index] as (typeof items)[number]).gradients] as const,
    ]);
    const results = await this.#sessions.run('maps', key, made.model, Object.fromEntries(feeds));
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

  /** Results for any number of pictures, one batch at a time. `run` may return more rows than it was given pictures. */
  async #inBatches(
    pictures: Float32Array,
    size: number,
    run: (part: Float32Array, count: number, start: number) => Promise<Float32Array>,
  ): Promise<Float32Array> {
    const total = pictures.length / pictureSize(this.input);
    const results = new Float32Array(total * size);
    for (let start = 0; start < total; start += this.batch) {
      const count = Math.min(this.batch, total - start);
      const part = pictures.subarray(start * pictureSize(this.input), (start + count) * pictureSize(this.input));
      results.set((await run(part, count, start)).subarray(0, count * size), start * size);
    }
    return results;
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
