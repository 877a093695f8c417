/** @file A network cut at a layer: what it makes of pictures there, and what it makes of other numbers from there on. */
import type { Layer } from '../layers/layer.js';
import type { Sizes } from '../methods/kinds/method.js';
import type { Network } from './network.js';
import { pictureSize } from './feeds.js';

/** The two parts of a network. */
export class LayerCut {
  readonly #network: Network;
  readonly #inTurn: <T>(work: () => Promise<T>) => Promise<T>;

  /** @param inTurn runs work when what was asked before is done */
  constructor(
    network: Network,
    readonly layer: Layer,
    inTurn: <T>(work: () => Promise<T>) => Promise<T>,
  ) {
    this.#network = network;
    this.#inTurn = inTurn;
  }

  /**
   * The layer's output for prepared pictures [M, C, H, W], on its grid [M, K, h, w].
   * @throws InputError if the scores do not depend on the layer
   */
  async activations(pictures: Float32Array): Promise<Sizes & { data: Float32Array }> {
    const size = pictureSize(this.#network.input);
    const { batch } = this.#network;
    const count = pictures.length / size;
    let found: (Sizes & { data: Float32Array }) | undefined;
    for (let start = 0; start < count; start += batch) {
      const part = pictures.subarray(start * size, (start + batch) * size);
      const own = await this.#inTurn(() => this.#network.changedLayer.activations(part, this.layer));
      const { channels, height, width, data } = own;
      const each = channels * height * width;
      found ??= { channels, height, width, data: new Float32Array(count * each) };
      found.data.set(data, start * each);
    }
    return found ?? { channels: 0, height: 0, width: 0, data: new Float32Array() };
  }

  /**
   * Logits [count, scores] of one prepared picture with other numbers in the place of the layer's output; what bypasses the
   * layer stays the picture's.
   * @param made the numbers [rows, K, h, w] from a place of the count on
   */
  async logitsFrom(
    picture: Float32Array,
    count: number,
    made: (start: number, rows: number) => Float32Array,
  ): Promise<Float32Array> {
    return this.#inTurn(() => this.#network.changedLayer.logitsFrom(picture, this.layer, count, made));
  }
}
