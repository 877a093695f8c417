/** @file The pictures of a classifier in memory. */
import type { Normalization, Picture } from '../../inference/pictures/pictures.js';
import { networkInput } from '../../inference/pictures/pixels.js';

const NORMALIZATION: Normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** Pictures at the network's size with their classes. */
export class LabelledPictures {
  readonly labels: number[] = [];
  readonly #data: Uint8Array;

  constructor(
    readonly imageSize: number,
    count: number,
  ) {
    this.#data = new Uint8Array(count * this.#stride);
  }

  get #stride(): number {
    return 3 * this.imageSize ** 2;
  }

  add(picture: Picture, label: number): void {
    this.#data.set(picture.data, this.labels.length * this.#stride);
    this.labels.push(label);
  }

  /** Network input [N, 3, S, S] of pictures by number, and their classes. */
  batch(indices: Uint32Array): [pictures: Float32Array, classes: number[]] {
    const { imageSize } = this;
    const batch = new Float32Array(indices.length * this.#stride);
    indices.forEach((index, row) => {
      const data = this.#data.subarray(index * this.#stride, (index + 1) * this.#stride);
      const picture: Picture = { width: imageSize, height: imageSize, channels: 3, data };
      batch.set(networkInput(picture, NORMALIZATION), row * this.#stride);
    });
    return [batch, Array.from(indices, (index) => this.labels[index] as number)];
  }
}
