/** @file What the network tells of one picture at a time. */
import type { SessionTensor } from '../../inference/runtime/session.js';
import { scoreCount } from '../../inference/networks/score-head.js';
import type { Composite } from '../../onnx/gradient/relevance/composite.js';
import type { NonFinite } from '../causes/non-finite.js';
import type { Layer } from '../layers/layer.js';
import type { ScoredGraph, Sizes, Values } from '../methods/kinds/method.js';
import { pictureFeed } from './feeds.js';
import { NetworkPart } from './network-part.js';
import { floats, product, repeated } from './tensors.js';

/** What a layer makes of a picture: channels of its output [channels, height, width]. */
export interface LayerMaps extends Sizes {
  layer: Layer;
  data: Float32Array;
}

/** Runs of a network for one picture. */
export class OnePicture extends NetworkPart {
  /**
   * The parts of one picture's full gradient (`fullGradientParts`): [K, h, w] if a part has positions, else [K, 1, 1].
   * @param weights the share of each logit in the score [scores]
   */
  async fullGradient(picture: Float32Array, weights: Float32Array): Promise<{ data: Float32Array; sizes: Sizes }[]> {
    const { key, model, parts } = this.graphs.fullGradient();
    const results = await this.sessions.run('pictureGradient', key, model, this.scoredFeeds(picture, weights));
    return parts.map(({ value, isMap }) => {
      const { data, dims } = results[value] as SessionTensor;
      const [, channels = 1, height = 1, width = 1] = isMap ? dims : [1, dims.slice(1).reduce(product, 1)];
      const size = channels * height * width;
      return { data: (data as Float32Array).slice(0, size), sizes: { channels, height, width } };
    });
  }

  /**
   * The relevance of one picture [C, H, W] by layer-wise relevance propagation, and what biases took of its score.
   * @param weights the share of each logit in the score [scores]
   */
  async relevance(
    picture: Float32Array,
    weights: Float32Array,
    composite: Composite,
  ): Promise<{ data: Float32Array; kept: number }> {
    const { key, model, relevance, kept } = this.graphs.relevance(composite);
    const results = await this.sessions.run('pictureGradient', key, model, this.scoredFeeds(picture, weights));
    // A fixed batch holds the picture several times.
    const rows = this.network.input.batch ?? 1;
    return {
      data: floats(results[relevance]).slice(0, picture.length),
      kept: (floats(results[kept])[0] ?? Number.NaN) / rows,
    };
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
    const made = this.graphs.appended(key, layer, append);
    const results = await this.sessions.run('backward', made.key, made.model, this.scoredFeeds(picture, weights));
    const rows = this.network.input.batch ?? 1;
    return made.outputs.map((output) => {
      const { data, dims } = results[output] as SessionTensor;
      const [first = 1, ...rest] = dims;
      return { data: (data as Float32Array).slice(0, data.length / rows), dims: [first / rows, ...rest] };
    });
  }

  /**
   * The logits [scores] of one prepared picture, and what layers make of it, in one run.
   * @param count how many channels of each layer
   * @param whole the value of a layer of which all channels are wanted
   */
  async look(picture: Float32Array, layers: readonly Layer[], count: number, whole?: string) {
    const { key, model, logits, maps } = this.graphs.look(layers, count);
    const feeds = pictureFeed(this.network.input, repeated(picture, this.network.input.batch ?? 1));
    const shown = maps.map(({ layer, whole: all, first }) => (layer.value === whole ? all : first));
    const results = await this.sessions.run('forward', key, model, feeds, [logits, ...shown]);
    return {
      logits: floats(results[logits]).slice(0, scoreCount(this.network.head)),
      maps: maps.map(({ layer }, at): LayerMaps => {
        const { data, dims } = results[shown[at] as string] as SessionTensor;
        const [, channels = 0, height = 0, width = 0] = dims;
        return { layer, channels, height, width, data: (data as Float32Array).slice(0, channels * height * width) };
      }),
    };
  }

  /**
   * The node that makes a picture's gradient at a value, or its logits, infinite or NaN.
   * @param weights the share of each logit in the score [scores]
   */
  async nonFinite(picture: Float32Array, weights: Float32Array, from: string): Promise<NonFinite | undefined> {
    const { key, model, output, culprit } = this.graphs.finiteness(from);
    const results = await this.sessions.run('backward', key, model, this.scoredFeeds(picture, weights));
    return culprit(floats(results[output]));
  }
}
