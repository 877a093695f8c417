/** @file A network's sessions for explaining it: each stage is made once, and run only for what has changed. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { createdSession, type ResolvedDevice } from '../inference/session.node.js';
import type { Model, Shape } from '../onnx/graph.js';
import type { Layer } from './layers.js';
import { channelsLast, type NetworkInput } from '../inference/network-input.js';
import {
  layerStages,
  logitsModel,
  mapsModel,
  pictureGradientModel,
  TARGET_WEIGHTS,
  type LayerStages,
  type MapsModel,
  type MapsOf,
} from './stages.js';
import { scoreCount, type ScoreHead } from '../inference/score-head.js';

/** What a run computes: the forward pass, the gradient at layers, the forward and backward pass to the picture, or maps. */
export type Stage = 'forward' | 'backward' | 'pictureGradient' | 'maps';

/** Pictures per run of models with an open batch size. */
const MAX_BATCH = 8;
/** Sessions that are kept; the least recently used one goes. */
const MAX_SESSIONS = 12;
/** Numbers of the forward passes that are kept. */
const MAX_KEPT = 64 * 1024 * 1024;

/** A forward pass of at most `Network.batch` pictures. */
export interface Forward {
  /** Prepared pictures [N, C, H, W]. */
  pictures: Float32Array;
  /** [N, scores] */
  logits: Float32Array;
  layers: readonly Layer[];
  /** N */
  count: number;
  /** Each layer's activations [N, K, h, w]; a model with a fixed batch may give more rows than pictures. */
  activations: readonly Tensor[];
  /** Their shapes, with a symbolic batch. */
  shapes: readonly Shape[];
}

/** A forward pass with what its backward pass reads. */
interface KeptForward extends Forward {
  key: string;
  stages: LayerStages;
  values: InferenceSession.OnnxValueMapType;
  /** Gradients by the target weights they are for, newest last. */
  gradients: { weights: Float32Array; values: (Tensor | null)[] }[];
}

const MAX_KEPT_GRADIENTS = 4;

/** Runs a network and its gradients. */
export class Network {
  /** How often each stage has run. */
  readonly runs: Record<Stage, number> = { forward: 0, backward: 0, pictureGradient: 0, maps: 0 };
  /** Pictures per run. */
  readonly batch: number;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();
  readonly #stages = new Map<string, LayerStages>();
  readonly #maps = new Map<string, MapsModel>();
  readonly #logits = once(() => logitsModel(this.model, this.head));
  readonly #gradient = once(() => pictureGradientModel(this.model, this.head, this.input, false));
  readonly #guided = once(() => pictureGradientModel(this.model, this.head, this.input, true));
  #kept: KeptForward[] = [];

  constructor(
    readonly model: Model,
    readonly input: NetworkInput,
    readonly head: ScoreHead,
    readonly device: ResolvedDevice,
  ) {
    this.batch = input.batch ?? MAX_BATCH;
  }

  /** Logits of pictures [M, C, H, W]; [M, scores]. */
  async logits(pictures: Float32Array): Promise<Float32Array> {
    const { model, logits } = this.#logits();
    return this.#inBatches(pictures, scoreCount(this.head), async (part, count) => {
      const results = await this.#run('forward', 'logits', model, this.#pictureFeeds(part, count));
      return floats(results[logits]);
    });
  }

  /**
   * The forward pass of at most `batch` pictures; one that was made before for the same pictures and layers is returned
   * again.
   */
  async forward(pictures: Float32Array, layers: readonly Layer[]): Promise<Forward> {
    const key = layers.map(({ value }) => value).join('\n');
    const known = this.#kept.find((each) => each.key === key && sameNumbers(each.pictures, pictures));
    if (known) {
      this.#kept = [...this.#kept.filter((each) => each !== known), known];
      return known;
    }
    const stages = this.#stages.get(key) ?? layerStages(this.model, this.head, layers);
    this.#stages.set(key, stages);
    const count = pictures.length / this.#pictureSize;
    const values = await this.#run('forward', `forward\n${key}`, stages.forward, this.#pictureFeeds(pictures, count));
    const made: KeptForward = {
      key,
      stages,
      values,
      pictures: pictures.slice(),
      logits: floats(values[stages.logits]).subarray(0, count * scoreCount(this.head)),
      layers,
      count,
      shapes: stages.layers.map(({ shape }) => shape),
      activations: stages.layers.map(({ activations }) => values[activations] as Tensor),
      gradients: [],
    };
    this.#keep(made);
    return made;
  }

  /**
   * Each layer's ∂score/∂A [N, K, h, w], null where the score does not depend on it.
   * @param forward of this network
   * @param weights the share of each logit in the score [N, scores]
   */
  async layerGradients(forward: Forward, weights: Float32Array): Promise<(Tensor | null)[]> {
    const { key, stages, values, gradients, pictures, count } = forward as KeptForward;
    const known = gradients.find((each) => sameNumbers(each.weights, weights));
    if (known) return known.values;
    const { backward } = stages;
    if (!backward) return stages.layers.map(() => null);
    const picture = this.#pictureFeeds(pictures, count);
    const feeds = Object.fromEntries(
      stages.frontier.map((name) => [name, name === this.input.name ? picture[name] : values[name]] as const),
    ) as Record<string, Tensor>;
    const weightFeeds = { [TARGET_WEIGHTS]: this.#rows(weights, count, scoreCount(this.head)) };
    const results = await this.#run('backward', `backward\n${key}`, backward, { ...feeds, ...weightFeeds });
    const made = stages.layers.map(({ gradient }) => (gradient === null ? null : (results[gradient] as Tensor)));
    gradients.push({ weights: weights.slice(), values: made });
    if (gradients.length > MAX_KEPT_GRADIENTS) gradients.shift();
    return made;
  }

  /**
   * ∂score/∂picture of pictures [M, C, H, W].
   * @param weights the share of each logit in the score [M, scores]
   * @param guided whether the backward pass is that of guided backpropagation
   */
  async pictureGradients(pictures: Float32Array, weights: Float32Array, guided = false): Promise<Float32Array> {
    const { model, gradient } = guided ? this.#guided() : this.#gradient();
    const scores = scoreCount(this.head);
    return this.#inBatches(pictures, this.#pictureSize, async (part, count, start) => {
      const rows = weights.subarray(start * scores, (start + count) * scores);
      const feeds = { ...this.#pictureFeeds(part, count), [TARGET_WEIGHTS]: this.#rows(rows, count, scores) };
      const results = await this.#run('pictureGradient', guided ? 'guided' : 'picture', model, feeds);
      return floats(results[gradient]);
    });
  }

  /** Maps of each item's activations and gradients, by the methods that are graphs. */
  async maps(
    items: readonly (Pick<MapsOf, 'shape' | 'methods'> & { activations: Tensor; gradients: Tensor })[],
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
    const results = await this.#run('maps', key, made.model, Object.fromEntries(feeds));
    return made.items.map(({ outputs }) =>
      outputs.map(({ method, value, projected }) => ({ method, projected, tensor: results[value] as Tensor })),
    );
  }

  /** Frees the sessions and what was kept. */
  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    this.#kept = [];
    for (const session of sessions) await (await session).release();
  }

  /** The picture as a layer, for maps that explain it instead of one. */
  get pictureLayer(): Layer {
    const { name, picture } = this.input;
    const { channels, height, width } = picture;
    return { name, value: name, op: 'Input', shape: ['batch', channels, height, width] };
  }

  get #pictureSize(): number {
    const { channels, height, width } = this.input.picture;
    return channels * height * width;
  }

  #keep(made: KeptForward): void {
    const size = ({ values }: KeptForward) =>
      Object.values(values).reduce((sum, value) => sum + (value as Tensor).data.length, 0);
    this.#kept.push(made);
    while (this.#kept.length > 1 && this.#kept.reduce((sum, each) => sum + size(each), 0) > MAX_KEPT)
      this.#kept.shift();
  }

  /** Runs a model whose session is kept under the key; its inputs that are not fed are none of its own. */
  async #run(stage: Stage, key: string, model: Model, feeds: Record<string, Tensor>) {
    const session = await this.#session(key, model);
    this.runs[stage]++;
    const used = session.inputNames.map((name) => [name, feeds[name] as Tensor] as const);
    return session.run(Object.fromEntries(used));
  }

  async #session(key: string, model: Model): Promise<InferenceSession> {
    const known = this.#sessions.get(key);
    const session = known ?? createdSession(model, { device: this.device });
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) {
      const released = await this.#sessions.get(oldest);
      this.#sessions.delete(oldest);
      await released?.release();
    }
    return session;
  }

  /** Results of any number of pictures, a batch at a time; `run` may return those of more pictures than it was given. */
  async #inBatches(
    pictures: Float32Array,
    size: number,
    run: (part: Float32Array, count: number, start: number) => Promise<Float32Array>,
  ): Promise<Float32Array> {
    const total = pictures.length / this.#pictureSize;
    const results = new Float32Array(total * size);
    for (let start = 0; start < total; start += this.batch) {
      const count = Math.min(this.batch, total - start);
      const part = pictures.subarray(start * this.#pictureSize, (start + count) * this.#pictureSize);
      results.set((await run(part, count, start)).subarray(0, count * size), start * size);
    }
    return results;
  }

  #pictureFeeds(pictures: Float32Array, count: number): Record<string, Tensor> {
    const { name, layout, picture } = this.input;
    const { channels, height, width } = picture;
    const filled = this.#rows(pictures, count, this.#pictureSize);
    const [rows = count] = filled.dims;
    const data = filled.data as Float32Array;
    return {
      [name]:
        layout === 'NCHW'
          ? new Tensor('float32', data, [rows, channels, height, width])
          : new Tensor('float32', channelsLast(data, picture), [rows, height, width, channels]),
    };
  }

  /** A tensor [N, size]; a model with a fixed batch gets the last row as often as it takes to fill it. */
  #rows(data: Float32Array, count: number, size: number): Tensor {
    const rows = this.input.batch ?? count;
    if (rows === count) return new Tensor('float32', data, [count, size]);
    const filled = new Float32Array(rows * size);
    for (let row = 0; row < rows; row++) {
      const from = Math.min(row, count - 1);
      filled.set(data.subarray(from * size, (from + 1) * size), row * size);
    }
    return new Tensor('float32', filled, [rows, size]);
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function floats(value: InferenceSession.OnnxValueMapType[string] | undefined): Float32Array {
  return (value as Tensor).data as Float32Array;
}

function sameNumbers(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
}
