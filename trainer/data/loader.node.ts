/** @file A data set's pictures dealt out in batches of network input, one batch ahead. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inParallel } from '../../inference/files/in-parallel.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { networkInput } from '../../inference/pictures/pixels.js';
import { Random } from '../../inference/numeric/random.js';
import type { GanConfig } from '../settings/config.js';
import type { LabelledBatch } from './batch.js';
import type { Dataset } from './sets/dataset.js';
import { DECODED_AT_ONCE, DecodedPictures, type DecodeOptions, type KeepOptions } from './cache/decoded.node.js';
import type { Share } from '../step/state/group.js';
import { mirroredPicture } from './sets/geometry.js';
import { ReadablePictures } from './sets/readable.js';

/** The settings that decide what a batch is. */
export type LoaderConfig = Pick<
  GanConfig,
  'imageSize' | 'channels' | 'resize' | 'flip' | 'normalization' | 'batchSize' | 'seed'
>;

export interface LoaderOptions extends KeepOptions {
  /** Stop at the first picture that is broken, and for skipped files. */
  strict?: boolean | undefined;
  /** The part of every batch that is wanted; all of it if not given. */
  share?: Share | undefined;
}

/** The pictures of an epoch in their order, and which of them are mirrored. */
interface Epoch {
  number: number;
  order: Uint32Array;
  /** By number of the picture: 1 where it is mirrored. */
  mirrored: Uint8Array;
}

/**
 * Batches of normalised pictures. Which pictures are in a batch depends on the seed, the batch's number and the data set
 * alone, so a resumed run needs only its step number. Every epoch is a new permutation. Its last pictures that do not
 * fill a batch are left out (PyTorch's `DataLoader` makes a smaller batch of them unless `drop_last` is set; the
 * compiled training step wants batches of one size); a set smaller than a batch is repeated until it fills one.
 *
 * A picture that cannot be decoded is listed in `skipped`, and the next one of the set takes its place.
 */
export class Loader {
  /** Batches before every picture but the left-out ones has been seen once. */
  readonly batchesPerEpoch: number;
  /** The pictures as they are, and which of them are broken. */
  readonly readable: ReadablePictures;
  readonly #length: number;
  readonly #config: LoaderConfig;
  readonly #share: Share;
  readonly #pictures: DecodedPictures;
  #epoch: Epoch = { number: -1, order: new Uint32Array(), mirrored: new Uint8Array() };
  #ahead: { step: number; batch: Promise<LabelledBatch> } | undefined;

  constructor(
    dataset: Dataset,
    config: LoaderConfig,
    { strict, share = { index: 0, count: 1 }, ...options }: LoaderOptions = {},
  ) {
    this.readable = new ReadablePictures(dataset, strict);
    this.#length = dataset.length;
    this.#config = config;
    this.#share = share;
    this.#pictures = new DecodedPictures(this.readable, config, options);
    this.batchesPerEpoch = Math.max(1, Math.floor(dataset.length / config.batchSize));
  }

  /** What was left out so far, one line each with the reason: skipped files and links, and broken pictures. */
  get skipped(): string[] {
    return this.readable.skipped;
  }

  /** Bytes of decoded pictures that are kept in memory. */
  get memoryBytes(): number {
    return this.#pictures.memoryBytes;
  }

  /** Where the decoded pictures are, after `decodeAll`: `memory`, the path of a file, or why they are kept nowhere. */
  get place(): string {
    return this.#pictures.place;
  }

  /**
   * Decodes the whole set into memory or a cache file; `skipped` is complete then. Without this call, or where the set fits
   * neither, pictures are decoded as batches need them.
   * @throws InputError if every picture is broken, or, with `strict`, any
   * @throws the signal's reason when it is aborted
   */
  decodeAll(options: DecodeOptions = {}): Promise<void> {
    return this.#pictures.decodeAll(options);
  }

  /**
   * Batch `step` of the run, counted from 0; meanwhile begins with the one after it.
   * @returns [N, C, H, W], normalised; of a share, its rows
   * @throws InputError if every picture is broken
   * @throws RangeError if `step` is no integer of at least 0
   */
  async batch(step: number): Promise<Float32Array> {
    return (await this.labelledBatch(step)).pictures;
  }

  /** As `batch`, with the number of each picture's class; 0 in a set without classes. @throws as `batch` */
  async labelledBatch(step: number): Promise<LabelledBatch> {
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new RangeError(`batch(step): expected an integer of at least 0; got ${step}`);
    }
    const ahead = this.#ahead?.step === step ? this.#ahead.batch : undefined;
    const batch = await (ahead ?? this.#assembled(step));
    const next = nextTurn().then(() => this.#assembled(step + 1));
    // Whoever asks for that batch gets the error.
    next.catch(() => undefined);
    this.#ahead = { step: step + 1, batch: next };
    return batch;
  }

  /** Closes the cache file, if there is one. */
  async close(): Promise<void> {
    await this.#ahead?.batch.catch(() => undefined);
    await this.#pictures.close();
  }

  async #assembled(step: number): Promise<LabelledBatch> {
    const { batchSize, normalization } = this.#config;
    const { order, mirrored } = this.#epochOf(step);
    const { index: number, count } = this.#share;
    const rows = batchSize / count;
    const start = (step % this.batchesPerEpoch) * batchSize + number * rows;
    const pictures = new Float32Array(rows * this.#pictures.stride);
    const classes = new Uint16Array(rows);
    await inParallel(Array(rows).keys(), DECODED_AT_ONCE, async (i) => {
      const wanted = order[(start + i) % order.length] ?? 0;
      const { picture, index } = await this.#readable(wanted);
      const seen = mirrored[wanted] === 1 ? mirroredPicture(picture) : picture;
      pictures.set(networkInput(seen, normalization), i * this.#pictures.stride);
      classes[i] = this.readable.dataset.labels?.indices[index] ?? 0;
    });
    return { pictures, classes };
  }

  /** What the seed has drawn for the epoch of a step. */
  #epochOf(step: number): Epoch {
    const number = Math.floor(step / this.batchesPerEpoch);
    if (this.#epoch.number !== number) {
      const { seed, flip } = this.#config;
      const length = this.#length;
      const chance = Random.derived(seed, `flip/${number}`);
      this.#epoch = {
        number,
        order: Random.derived(seed, `shuffle/${number}`).shuffled(length),
        mirrored: Uint8Array.from({ length }, () => (flip && chance.uniform() < 0.5 ? 1 : 0)),
      };
    }
    return this.#epoch;
  }

  /** Picture `wanted` of the set, or the first after it that can be decoded, and its number. */
  async #readable(wanted: number): Promise<{ picture: Picture; index: number }> {
    for (let offset = 0; offset < this.#length; offset++) {
      const index = (wanted + offset) % this.#length;
      const picture = await this.#pictures.picture(index);
      if (picture !== undefined) return { picture, index };
    }
    throw this.readable.allBroken();
  }
}
