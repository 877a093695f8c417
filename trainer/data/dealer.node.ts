/** @file The pictures of a part of a data set dealt out in batches of network input, one batch ahead. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inParallel } from '../../inference/files/in-parallel.js';
import { Random } from '../../inference/numeric/random.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { networkInput } from '../../inference/pictures/pixels.js';
import type { InputError } from '../../onnx/errors.js';
import type { GanConfig } from '../settings/config.js';
import type { Share } from '../step/state/group.js';
import type { LabelledBatch } from './batch.js';
import { DECODED_AT_ONCE, type DecodedPictures } from './cache/decoded.node.js';
import { mirroredPicture } from './sets/geometry.js';
import type { ReadablePictures } from './sets/readable.js';

/** The settings that decide what a batch is. */
export type DealerConfig = Pick<
  GanConfig,
  'imageSize' | 'channels' | 'resize' | 'flip' | 'normalization' | 'batchSize' | 'seed'
>;

/** The part of a set that is dealt. */
export interface DealtPart {
  /** The numbers of its pictures in the set. */
  numbers: Uint32Array;
  /** What its random draws are named after. */
  draws: string;
  /** The error where none of its pictures can be decoded. */
  allBroken(): InputError;
}

/** The pictures of an epoch in their order, and which of them are mirrored. */
interface Epoch {
  number: number;
  /** Positions in the part. */
  order: Uint32Array;
  /** By position: 1 where the picture is mirrored. */
  mirrored: Uint8Array;
}

/** Batches of a part's pictures; see `Loader`. A broken picture is replaced by the next one of the same part. */
export class Dealer {
  /** Batches before every picture but the left-out ones has been seen once. */
  readonly batchesPerEpoch: number;
  #epoch: Epoch = { number: -1, order: new Uint32Array(), mirrored: new Uint8Array() };
  #ahead: { step: number; batch: Promise<LabelledBatch> } | undefined;

  constructor(
    readonly part: DealtPart,
    readonly pictures: DecodedPictures,
    readonly readable: ReadablePictures,
    readonly config: DealerConfig,
    readonly share: Share,
  ) {
    this.batchesPerEpoch = Math.max(1, Math.floor(part.numbers.length / config.batchSize));
  }

  /** Pictures of the part, without those that are known to be broken. */
  get length(): number {
    const { broken } = this.readable;
    return broken.size === 0
      ? this.part.numbers.length
      : this.part.numbers.reduce((sum, index) => sum + (broken.has(index) ? 0 : 1), 0);
  }

  /** As `Loader.batch`. */
  async batch(step: number): Promise<Float32Array> {
    return (await this.labelledBatch(step)).pictures;
  }

  /** As `Loader.labelledBatch`. */
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

  /** Waits for the batch that was begun ahead. */
  async close(): Promise<void> {
    await this.#ahead?.batch.catch(() => undefined);
  }

  async #assembled(step: number): Promise<LabelledBatch> {
    const { batchSize, normalization } = this.config;
    const { order, mirrored } = this.#epochOf(step);
    const { index: number, count } = this.share;
    const rows = batchSize / count;
    const start = (step % this.batchesPerEpoch) * batchSize + number * rows;
    const pictures = new Float32Array(rows * this.pictures.stride);
    const classes = new Uint16Array(rows);
    await inParallel(Array(rows).keys(), DECODED_AT_ONCE, async (i) => {
      const wanted = order[(start + i) % order.length] ?? 0;
      const { picture, index } = await this.#readable(wanted);
      const seen = mirrored[wanted] === 1 ? mirroredPicture(picture) : picture;
      pictures.set(networkInput(seen, normalization), i * this.pictures.stride);
      classes[i] = this.readable.dataset.labels?.indices[index] ?? 0;
    });
    return { pictures, classes };
  }

  /** What the seed has drawn for the epoch of a step. */
  #epochOf(step: number): Epoch {
    const number = Math.floor(step / this.batchesPerEpoch);
    if (this.#epoch.number !== number) {
      const { seed, flip } = this.config;
      const { draws, numbers } = this.part;
      const length = numbers.length;
      const chance = Random.derived(seed, `${draws}flip/${number}`);
      this.#epoch = {
        number,
        order: Random.derived(seed, `${draws}shuffle/${number}`).shuffled(length),
        mirrored: Uint8Array.from({ length }, () => (flip && chance.uniform() < 0.5 ? 1 : 0)),
      };
    }
    return this.#epoch;
  }

  /** The picture at a position of the part, or the first after it that can be decoded, and its number in the set. */
  async #readable(wanted: number): Promise<{ picture: Picture; index: number }> {
    const { numbers } = this.part;
    for (let offset = 0; offset < numbers.length; offset++) {
      const index = numbers[(wanted + offset) % numbers.length] as number;
      const picture = await this.pictures.picture(index);
      if (picture !== undefined) return { picture, index };
    }
    throw this.part.allBroken();
  }
}
