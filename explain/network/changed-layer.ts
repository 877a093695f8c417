/** @file One picture with a layer's output changed: what the network makes of it from there on. */
import { sessionTensor, type SessionTensor } from '../../inference/runtime/session.js';
import { scoreCount } from '../../inference/networks/score-head.js';
import { concatenated } from '../../inference/numeric/concatenated.js';
import { InputError } from '../../onnx/errors.js';
import type { Graph, Model } from '../../onnx/graph/graph.js';
import type { Layer } from '../layers/layer.js';
import type { LayerShares, Sizes } from '../methods/kinds/method.js';
import { pictureFeed, pictureSize, weightsFeed } from './feeds.js';
import { CHANGE } from './graphs/layer-contributions.js';
import { fedName } from './graphs/scored-network.js';
import { BASELINE } from './graphs/stages.js';
import { gridValues, withGridValues } from './grid-values.js';
import { NetworkPart } from './network-part.js';
import { firstRowRepeated, floats, repeated, repeatedRow, withoutChannels } from './tensors.js';

/** Changed outputs of a layer per run. */
const MAX_CHANGED = 32;

/** The network up to a layer, and what reads its values. */
interface CopiedStages {
  key: string;
  before: Model;
  after: Model;
}

/** Whether each value has a row for each picture: an only one is a layer's, and others need not have the batch as their first axis. */
function hasRows(before: Graph, after: Graph): boolean {
  const batch = before.inputs[0]?.value?.shape?.[0];
  const isBatch = (name: string) => {
    const value = after.inputs.find((input) => input.name === name)?.value;
    return typeof batch === 'string' && value?.type === 'float32' && value.shape?.[0] === batch;
  };
  return before.outputs.length === 1 || before.outputs.every(({ name }) => isBatch(name));
}

/** Runs of a network for one picture from a layer on. */
export class ChangedLayer extends NetworkPart {
  /**
   * Logits [channels, scores] of one picture: row k has channel k of a layer set to 0. The network up to the layer runs
   * once, on a batch of copies of the picture.
   */
  async logitsWithout(picture: Float32Array, layer: Layer, channels: readonly number[]): Promise<Float32Array> {
    return this.#logitsChanged(picture, layer, channels.length, (output, start, rows) =>
      withoutChannels(output, channels.slice(start, start + rows), layer.channelAxis ?? 1),
    );
  }

  /**
   * Logits [count, scores] of one picture, each with other activations in the place of a layer's, on its grid; tokens off the
   * grid, and values that bypass the layer, stay the picture's.
   * @param made activations [rows, K, h, w] from one to another
   */
  async logitsFrom(
    picture: Float32Array,
    layer: Layer,
    count: number,
    made: (start: number, rows: number) => Float32Array,
  ): Promise<Float32Array> {
    return this.#logitsChanged(picture, layer, count, (output, start, rows) =>
      withGridValues(layer, output, made(start, rows)),
    );
  }

  /**
   * A layer's output for at most `batch` pictures, on its grid [N, K, h, w].
   * @throws InputError if the scores do not depend on the layer
   */
  async activations(pictures: Float32Array, layer: Layer): Promise<Sizes & { data: Float32Array }> {
    const { key, before, after } = this.graphs.cut(layer);
    if (!after)
      throw new InputError({ name: 'layer', expected: 'a layer that the scores depend on', got: `"${layer.name}"` });
    const feeds = pictureFeed(this.network.input, pictures);
    const values = await this.sessions.run('forward', `before ${key}`, before, feeds, [layer.value]);
    return gridValues(layer, values[layer.value] as SessionTensor, pictures.length / pictureSize(this.network.input));
  }

  #fed(name: string): string {
    return fedName(this.network.model.graph, name);
  }

  /** What the network up to a layer gives for copies of a picture; of one that is run, where each value has a row for each picture. */
  async #ofCopies({ key, before, after }: CopiedStages, picture: Float32Array, rows: number) {
    const { input } = this.network;
    const isOne = input.batch === undefined && hasRows(before.graph, after.graph);
    const feeds = pictureFeed(input, isOne ? picture : repeated(picture, rows));
    const values = await this.sessions.run('forward', `before ${key}`, before, feeds);
    if (!isOne) return values;
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, repeatedRow(value, rows)]));
  }

  /** Logits of one picture [count, scores] with a layer's output changed, `rows` at a time from `start` on. */
  async #logitsChanged(
    picture: Float32Array,
    layer: Layer,
    count: number,
    change: (output: SessionTensor, start: number, rows: number) => SessionTensor,
  ): Promise<Float32Array> {
    const { key, before, after, logits } = this.graphs.cut(layer);
    const scores = scoreCount(this.network.head);
    const found = new Float32Array(count * scores);
    if (!after) {
      const whole = await this.network.logits(picture);
      for (let at = 0; at < count; at++) found.set(whole, at * scores);
      return found;
    }
    const { input, batch } = this.network;
    const rows = input.batch ?? Math.min(count, batch === 1 ? 1 : MAX_CHANGED);
    const step = batch === 1 ? 1 : rows;
    const values = await this.#ofCopies({ key, before, after }, picture, rows);
    for (let start = 0; start < count; start += step) {
      const own = Math.min(step, count - start);
      const changed = change(values[layer.value] as SessionTensor, start, own);
      const feeds = { ...values, [layer.value]: step < rows ? firstRowRepeated(changed) : changed } as Record<
        string,
        SessionTensor
      >;
      const results = await this.sessions.run('fromLayer', `after ${key}`, after, feeds);
      found.set(floats(results[logits]).subarray(0, own * scores), start * scores);
    }
    return found;
  }

  /**
   * Σ_k (A − A′) ⊙ ∂score/∂A [shares, h, w] at places A′ + share·(A − A′) of the line between a layer's outputs A for a picture and
   * A′ for a baseline. What bypasses the layer comes from the picture.
   * @returns missing data if the score does not depend on the layer; whether something bypasses the layer
   */
  async alongLayer(
    { picture, baseline }: { picture: Float32Array; baseline: Float32Array },
    weights: Float32Array,
    layer: Layer,
    shares: readonly number[],
  ): Promise<LayerShares> {
    const { key, before, part, map, bypassed } = this.graphs.layerPath(layer);
    if (!part) return { bypassed };
    const { input, batch } = this.network;
    const rows = input.batch ?? Math.min(batch, shares.length);
    const step = Math.min(batch, rows);
    const ends = (from: Float32Array) => this.#ofCopies({ key, before, after: part }, from, rows);
    const other = floats((await ends(baseline))[layer.value]);
    const values = await ends(picture);
    const { dims } = values[layer.value] as SessionTensor;
    const change = floats(values[layer.value]).map((value, at) => value - (other[at] as number));
    const row = change.length / rows;
    const found: Float32Array[] = [];
    for (let start = 0; start < shares.length; start += step) {
      const own = shares.slice(start, start + step);
      const share = (at: number) => own[Math.min(Math.floor(at / row), own.length - 1)] as number;
      const place = change.map((value, at) => (other[at] as number) + share(at) * value);
      const results = await this.sessions.run('fromLayer', `part ${key}`, part, {
        ...(values as Record<string, SessionTensor>),
        [layer.value]: sessionTensor(place, dims),
        [this.#fed(CHANGE)]: sessionTensor(change, dims),
        ...weightsFeed(this.network, repeated(weights, rows), weights.length),
      });
      const data = floats(results[map]);
      found.push(data.slice(0, (own.length * data.length) / rows));
    }
    return { maps: concatenated(found), bypassed };
  }

  /** DeepLIFT's Σ_k (A − A′) ⊙ Δscore/ΔA [baselines, h, w] of a layer's outputs A for a picture and A′ for baselines [M, C, H, W]. */
  async layerMultipliers(
    { picture, baselines }: { picture: Float32Array; baselines: readonly Float32Array[] },
    weights: Float32Array,
    layer: Layer,
  ): Promise<LayerShares> {
    const { key, model, map, bypassed } = this.graphs.layerMultipliers(layer);
    if (!model) return { bypassed };
    const { input, batch } = this.network;
    const found: Float32Array[] = [];
    for (let start = 0; start < baselines.length; start += batch) {
      const own = baselines.slice(start, start + batch);
      const others = pictureFeed(input, concatenated(own));
      const results = await this.sessions.run('backward', key, model, {
        ...pictureFeed(input, repeated(picture, own.length)),
        [this.#fed(BASELINE)]: others[input.name] as SessionTensor,
        ...weightsFeed(this.network, repeated(weights, own.length), weights.length),
      });
      const data = floats(results[map]);
      found.push(data.slice(0, (own.length * data.length) / (input.batch ?? own.length)));
    }
    return { maps: concatenated(found), bypassed };
  }
}
