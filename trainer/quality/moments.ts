/** @file Mean and covariance of features that come in batches, in double precision. */
import { InputError } from '../../onnx/errors.js';

/** A normal distribution as fitted to samples. */
export interface Gaussian {
  /** How many samples it was fitted to. */
  count: number;
  /** [D] */
  mean: Float64Array;
  /** [D, D], symmetric, with divisor N − 1 as numpy's `cov`. */
  covariance: Float64Array;
}

/**
 * Sums of samples [N, D] that are never held at once. They are taken around the mean of the first batch, so that
 * features far from zero lose no digits to cancellation.
 */
export class Moments {
  count = 0;
  #shift: Float64Array | undefined;
  readonly #sums: Float64Array;
  /** Upper triangle of Σ (x − shift)(x − shift)ᵀ, row-major in a full square. */
  readonly #products: Float64Array;

  /** @param size D, numbers per sample */
  constructor(readonly size: number) {
    this.#sums = new Float64Array(size);
    this.#products = new Float64Array(size * size);
  }

  /**
   * Takes in a batch of samples.
   * @param features [N, D]
   * @throws InputError if a number is not finite
   */
  add(features: Float32Array): void {
    const { size } = this;
    const rows = features.length / size;
    const shift = (this.#shift ??= columnMeans(features, size));
    // Columns side by side, so that a product of two columns reads memory in order.
    const columns = new Float64Array(features.length);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < size; i++) {
        const value = features[row * size + i] as number;
        if (!Number.isFinite(value)) throw new InputError(`features: expected finite numbers; got ${value}`);
        columns[i * rows + row] = value - (shift[i] as number);
      }
    }
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += columns[i * rows + row] as number;
      this.#sums[i] = (this.#sums[i] as number) + sum;
      for (let j = i; j < size; j++) {
        let product = 0;
        for (let row = 0; row < rows; row++) {
          product += (columns[i * rows + row] as number) * (columns[j * rows + row] as number);
        }
        this.#products[i * size + j] = (this.#products[i * size + j] as number) + product;
      }
    }
    this.count += rows;
  }

  /** The distribution of all samples so far. @throws InputError if there are fewer than two */
  gaussian(): Gaussian {
    const { count, size } = this;
    if (count < 2) throw new InputError(`features: expected at least two samples; got ${count}`);
    const shift = this.#shift as Float64Array;
    const offset = this.#sums.map((sum) => sum / count);
    const covariance = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = i; j < size; j++) {
        const centred = (this.#products[i * size + j] as number) - (this.#sums[i] as number) * (offset[j] as number);
        covariance[i * size + j] = covariance[j * size + i] = centred / (count - 1);
      }
    }
    return { count, mean: shift.map((value, i) => value + (offset[i] as number)), covariance };
  }
}

function columnMeans(features: Float32Array, size: number): Float64Array {
  const means = new Float64Array(size);
  features.forEach((value, at) => (means[at % size] = (means[at % size] as number) + value));
  return means.map((sum) => sum / (features.length / size));
}
