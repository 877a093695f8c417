/** @file Pictures of a data set, broken ones aside. */
import type { Picture } from '../../../inference/pictures/pictures.js';
import { InputError } from '../../../onnx/errors.js';
import type { Dataset } from './dataset.js';

/** A data set of which broken pictures are left out and listed, or, with `strict`, are errors. */
export class ReadablePictures {
  readonly #broken = new Map<number, string>();

  constructor(
    readonly dataset: Dataset,
    readonly strict = false,
  ) {}

  /** What was left out so far, one line each with the reason: files and links passed over, and broken pictures. */
  get skipped(): string[] {
    const broken = [...this.#broken].sort(([a], [b]) => a - b).map(([, message]) => message);
    return [...this.dataset.skipped, ...broken];
  }

  /** The broken pictures found so far, with the reason. */
  get broken(): ReadonlyMap<number, string> {
    return this.#broken;
  }

  /** @throws InputError with `strict`, where files or links were passed over */
  checkNonePassedOver(): void {
    const [passedOver] = this.dataset.skipped;
    if (this.strict && passedOver !== undefined)
      throw new InputError({ name: 'strict', expected: 'no skipped file', got: passedOver });
  }

  /** Picture `index` of the set; undefined if it cannot be decoded. @throws InputError if it cannot, with `strict` */
  async picture(index: number): Promise<Picture | undefined> {
    if (this.#broken.has(index)) return undefined;
    try {
      return await this.dataset.picture(index);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.addBroken(index, error.message);
      return undefined;
    }
  }

  /** Lists picture `index` as broken. @throws InputError with `strict` */
  addBroken(index: number, message: string): void {
    if (this.strict) throw new InputError({ name: 'strict', expected: 'no broken picture', got: message });
    this.#broken.set(index, message);
  }

  /** The error for a set without any picture that can be decoded. */
  allBroken(): InputError {
    const [first = ''] = this.#broken.values();
    return new InputError({
      name: this.dataset.name,
      expected: 'at least one that can be decoded',
      got: `none (${first})`,
    });
  }
}
