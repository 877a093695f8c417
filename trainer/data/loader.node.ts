/** @file Pictures decoded, resized, kept in memory and dealt out in batches of network input, one batch ahead. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Picture } from '../../inference/pictures.js';
import { networkInput } from '../../inference/pixels.js';
import { Random } from '../../inference/random.js';
import { resizedPicture } from '../../inference/resize.js';
import { InputError } from '../../onnx/errors.js';
import type { GanConfig } from '../config.js';
import type { Dataset } from './dataset.js';
import { mirroredPicture } from './geometry.js';

const DEFAULT_CACHE_BYTES = 2 ** 30;
/** Pictures decoded at a time: enough for sharp's threads, few enough that huge ones do not fill the memory. */
const DECODED_AT_ONCE = 4;

/** The settings that decide what a batch is. */
export type LoaderConfig = Pick<
  GanConfig,
  'imageSize' | 'channels' | 'resize' | 'flip' | 'normalization' | 'batchSize' | 'seed'
>;

/** The pictures of an epoch in their order, and which of them are mirrored. */
interface Epoch {
  number: number;
  order: Uint32Array;
  /** By number of the picture: 1 where it is mirrored. */
  mirrored: Uint8Array;
}

/** How far the first decoding has come; field names as in transformers.js. */
export interface DecodeProgress {
  status: 'progress';
  /** Pictures done, broken ones included. */
  loaded: number;
  /** Pictures in all. */
  total: number;
  /** Percent done, 0…100. */
  progress: number;
}

/** How pictures are decoded ahead of training. */
export interface DecodeOptions {
  /** Called after every picture. */
  progress_callback?: (progress: DecodeProgress) => void;
  /** Stops before the next picture. */
  signal?: AbortSignal;
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
  readonly #dataset: Dataset;
  readonly #config: LoaderConfig;
  /** Bytes of a resized picture. */
  readonly #stride: number;
  /** All resized pictures, if they fit. */
  readonly #cache: Uint8Array | undefined;
  readonly #cached: Uint8Array;
  readonly #broken = new Map<number, string>();
  #epoch: Epoch = { number: -1, order: new Uint32Array(), mirrored: new Uint8Array() };
  #ahead: { step: number; batch: Promise<Float32Array> } | undefined;

  /** @param cacheBytes memory for decoded pictures; a set that needs more is decoded anew in every epoch */
  constructor(dataset: Dataset, config: LoaderConfig, { cacheBytes = DEFAULT_CACHE_BYTES } = {}) {
    this.#dataset = dataset;
    this.#config = config;
    this.#stride = config.channels * config.imageSize ** 2;
    this.#cache =
      this.#stride * dataset.length <= cacheBytes ? new Uint8Array(this.#stride * dataset.length) : undefined;
    this.#cached = new Uint8Array(dataset.length);
    this.batchesPerEpoch = Math.max(1, Math.floor(dataset.length / config.batchSize));
  }

  /** What was left out so far, one line each with the reason: files and links passed over, and broken pictures. */
  get skipped(): string[] {
    const broken = [...this.#broken].sort(([a], [b]) => a - b).map(([, message]) => message);
    return [...this.#dataset.skipped, ...broken];
  }

  /**
   * Decodes the whole set into memory, if it fits; `skipped` is complete then. Without this call, or where the set does
   * not fit, pictures are decoded as batches need them.
   * @throws InputError if every picture is broken
   * @throws the signal's reason when it is aborted
   */
  async decodeAll({ progress_callback, signal }: DecodeOptions = {}): Promise<void> {
    if (this.#cache === undefined) return;
    const total = this.#dataset.length;
    let loaded = 0;
    await inParallel(total, async (index) => {
      signal?.throwIfAborted();
      await this.#decoded(index);
      loaded++;
      progress_callback?.({ status: 'progress', loaded, total, progress: (100 * loaded) / total });
      // Pictures from memory never wait for the event loop: let others have their turn.
      if (loaded % 64 === 0) await nextTurn();
    });
    if (this.#broken.size === total) throw this.#allBroken();
  }

  /**
   * Batch `step` of the run, counted from 0; meanwhile begins with the one after it.
   * @returns [N, C, H, W], normalised
   * @throws InputError if every picture is broken
   * @throws RangeError if `step` is no integer of at least 0
   */
  async batch(step: number): Promise<Float32Array> {
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

  async #assembled(step: number): Promise<Float32Array> {
    const { batchSize, normalization } = this.#config;
    const { order, mirrored } = this.#epochOf(step);
    const start = (step % this.batchesPerEpoch) * batchSize;
    const batch = new Float32Array(batchSize * this.#stride);
    await inParallel(batchSize, async (i) => {
      const index = order[(start + i) % order.length] ?? 0;
      const picture = await this.#readable(index);
      const seen = mirrored[index] === 1 ? mirroredPicture(picture) : picture;
      batch.set(networkInput(seen, normalization), i * this.#stride);
    });
    return batch;
  }

  /** What the seed has drawn for the epoch of a step. */
  #epochOf(step: number): Epoch {
    const number = Math.floor(step / this.batchesPerEpoch);
    if (this.#epoch.number !== number) {
      const { seed, flip } = this.#config;
      const { length } = this.#dataset;
      const chance = Random.derived(seed, `flip/${number}`);
      this.#epoch = {
        number,
        order: Random.derived(seed, `shuffle/${number}`).shuffled(length),
        mirrored: Uint8Array.from({ length }, () => (flip && chance.uniform() < 0.5 ? 1 : 0)),
      };
    }
    return this.#epoch;
  }

  /** Picture `index` of the set, or the first after it that can be decoded. */
  async #readable(index: number): Promise<Picture> {
    const { length } = this.#dataset;
    for (let offset = 0; offset < length; offset++) {
      const picture = await this.#decoded((index + offset) % length);
      if (picture !== undefined) return picture;
    }
    throw this.#allBroken();
  }

  /** Picture `index` at the network's size; `undefined` if it is broken. */
  async #decoded(index: number): Promise<Picture | undefined> {
    if (this.#broken.has(index)) return undefined;
    const { imageSize, channels, resize } = this.#config;
    const size = { width: imageSize, height: imageSize, channels };
    const kept = this.#cache?.subarray(index * this.#stride, (index + 1) * this.#stride);
    if (kept !== undefined && this.#cached[index] === 1) return { ...size, data: kept };
    try {
      const picture = resizedPicture(await this.#dataset.picture(index), { ...size, resize });
      kept?.set(picture.data);
      this.#cached[index] = 1;
      return picture;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#broken.set(index, error.message);
      return undefined;
    }
  }

  #allBroken(): InputError {
    const [first = ''] = this.#broken.values();
    return new InputError(`${this.#dataset.name}: expected at least one that can be decoded; got none (${first})`);
  }
}

/** Calls `task` with 0…count − 1, a few at a time; stops at the first error. */
async function inParallel(count: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await task(next++);
  };
  try {
    await Promise.all(Array.from({ length: Math.min(DECODED_AT_ONCE, count) }, worker));
  } finally {
    next = count;
  }
}
