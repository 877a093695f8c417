/** @file Pictures of a data set without the broken ones. */
import { setTimeout as sleep } from 'node:timers/promises';
import { shownText } from '../../../inference/files/copies.node.js';
import { brokenPicture, expectNoneSkipped } from '../../../inference/files/strict.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { InputError } from '../../../onnx/errors.js';
import type { Dataset } from './dataset.js';
import { systemError } from './system-error.js';

/** Milliseconds before a file that could not be read is tried again. */
const RETRIES = [100, 500, 2000];

/** A data set of which broken pictures are left out and listed, or, with `strict`, are errors. */
export class ReadablePictures {
  readonly #broken = new Map<number, string>();

  constructor(
    readonly dataset: Dataset,
    readonly strict = false,
  ) {}

  /** What was left out so far, one line each with the reason: skipped files and links, and broken pictures. */
  get skipped(): string[] {
    const broken = [...this.#broken].sort(([a], [b]) => a - b).map(([, message]) => message);
    return [...this.dataset.skipped, ...broken];
  }

  /** The broken pictures found so far, with the reason. */
  get broken(): ReadonlyMap<number, string> {
    return this.#broken;
  }

  /** @throws InputError with `strict`, where files or links were skipped */
  checkNoneSkipped(): void {
    if (this.strict) expectNoneSkipped(this.dataset.skipped);
  }

  /**
   * Picture `index` of the set; undefined if its bytes cannot be decoded. A file that cannot be read is tried again.
   * @throws InputError if it still cannot be read, or, with `strict`, decoded
   */
  async picture(index: number): Promise<Picture | undefined> {
    if (this.#broken.has(index)) return undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.dataset.picture(index);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        if (systemError(error) === undefined) {
          this.addBroken(index, error.message);
          return undefined;
        }
        const delay = RETRIES[attempt];
        if (delay === undefined) throw error;
        await sleep(delay);
      }
    }
  }

  /** Lists picture `index` as broken. @throws InputError with `strict` */
  addBroken(index: number, message: string): void {
    if (this.strict) throw brokenPicture(message);
    this.#broken.set(index, shownText(message));
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
