/** @file The sessions that explain a network. Each stage is built once and runs only when its inputs change. */
import type { SessionOptions, SessionTensor } from '../../inference/runtime/session.js';
import type { Model } from '../../onnx/graph/graph.js';
import type { Layer } from './layers.js';
import type { NetworkInput } from '../../inference/networks/network-input.js';
import type { Backward } from '../methods/kinds/method.js';
import type { MapOutput } from '../methods/graph/map-outputs.js';
import type { MethodName } from '../methods/table.js';
import { inBatches } from './batches.js';
import { ChangedLayer } from './changed-layer.js';
import { pictureFeed, pictureSize, weightsFeed } from './feeds.js';
import { ForwardCache, type Forward, type KeptForward } from './forward-cache.js';
import { Graphs } from './graphs/graphs.js';
import { FLAT, type Saturation } from '../causes/saturation.js';
import { fedName } from './graphs/scored-network.js';
import { BASELINE, type MapsOf } from './graphs/stages.js';
import { OnePicture } from './one-picture.js';
import { Sessions, type Stage } from './sessions.js';
import { floats, sameNumbers } from './tensors.js';
import { scoreCount, type ScoreHead } from '../../inference/networks/score-head.js';

/** Pictures per run of models with an open batch size. */
const MAX_BATCH = 8;
const MAX_KEPT_GRADIENTS = 4;
/** Number of batches explained by `whole` that are remembered. */
const MAX_EXPLAINED = 8;

/** Runs a network and its gradients. */
export class Network {
  /** Different pictures per run. */
  readonly batch: number;
  /** What is asked of one picture at a time. */
  readonly onePicture: OnePicture;
  /** The same with a layer's output changed. */
  readonly changedLayer: ChangedLayer;
  readonly #sessions: Sessions;
  readonly #graphs: Graphs;
  readonly #explained: Float32Array[] = [];
  readonly #kept = new ForwardCache();

  constructor(
    readonly model: Model,
    readonly input: NetworkInput,
    readonly head: ScoreHead,
    options: SessionOptions,
    /** Different pictures per run; copies fill a fixed batch. */
    batch = input.batch ?? MAX_BATCH,
  ) {
    this.#graphs = new Graphs(model, head, input);
    this.#sessions = new Sessions(options);
    this.batch = batch;
    this.onePicture = new OnePicture(this, this.#graphs, this.#sessions);
    this.changedLayer = new ChangedLayer(this, this.#graphs, this.#sessions);
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
      ...weightsFeed(this, weights, scoreCount(this.head)),
    });
    this.#explained.push(pictures.slice());
    if (this.#explained.length > MAX_EXPLAINED) this.#explained.shift();
    return {
      logits: floats(results[made.logits]).slice(0, weights.length),
      layers: made.layers.map(({ layer, connected, largestGradient, maps }) => ({
        layer,
        connected,
        largestGradients: floats(results[largestGradient]),
        maps: maps.map((map) => computedMap(map, results)),
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
      ...weightsFeed(this, weights, scoreCount(this.head)),
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
      const feeds = { ...pictureFeed(this.input, part), ...weightsFeed(this, rows, scores) };
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
        [fedName(this.model.graph, BASELINE)]: others[this.input.name] as SessionTensor,
        ...weightsFeed(this, rows, scores),
      });
      return floats(results[gradient]);
    });
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
    return made.items.map(({ outputs }) => outputs.map((map) => computedMap(map, results)));
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

/** A map that was computed. */
type ComputedMap = Omit<MapOutput, 'value' | 'summed'> & { tensor: SessionTensor; summed?: Float32Array };

function computedMap(
  { method, value, projected, summed }: MapOutput,
  results: Record<string, SessionTensor>,
): ComputedMap {
  const sums = summed !== undefined && { summed: floats(results[summed]) };
  return { method, projected, tensor: results[value] as SessionTensor, ...sums };
}
