/** @file A data set's pictures dealt out in batches of network input: those that are trained on, and those that are held out. */
import { InputError } from '../../onnx/errors.js';
import type { GanConfig } from '../settings/config.js';
import type { Share } from '../step/state/group.js';
import type { LabelledBatch } from './batch.js';
import { DecodedPictures, type DecodeOptions, type KeepOptions } from './cache/decoded.node.js';
import { Dealer, type DealerConfig } from './dealer.node.js';
import { partsOf } from './held-out.js';
import type { Dataset } from './sets/dataset.js';
import { ReadablePictures } from './sets/readable.js';

/** The settings that decide what a batch is. */
export type LoaderConfig = DealerConfig & Pick<GanConfig, 'heldOut'>;

export interface LoaderOptions extends KeepOptions {
  /** Stop at the first picture that is broken, and for skipped files. */
  strict?: boolean | undefined;
  /** The part of every batch that is wanted; all of it if not given. */
  share?: Share | undefined;
}

/**
 * Batches of normalised pictures. Which pictures are in a batch depends on the seed, the batch's number and the data set
 * alone, so a resumed run needs only its step number. Every epoch is a new permutation. Its last pictures that do not
 * fill a batch are left out (PyTorch's `DataLoader` makes a smaller batch of them unless `drop_last` is set; the
 * compiled training step wants batches of one size); a set smaller than a batch is repeated until it fills one.
 *
 * A picture that cannot be decoded is listed in `skipped`, and the next one of the set takes its place. With `heldOut` a share of
 * the pictures is in none of the batches: it is dealt by `heldOut` in the same way.
 */
export class Loader {
  /** The pictures as they are, and which of them are broken. */
  readonly readable: ReadablePictures;
  /** Batches of the held-out pictures, if there are any. */
  readonly heldOut: Dealer | undefined;
  readonly #trained: Dealer;
  readonly #pictures: DecodedPictures;

  /** @throws InputError if the share of held-out pictures is less than one, or leaves none */
  constructor(
    dataset: Dataset,
    config: LoaderConfig,
    { strict, share = { index: 0, count: 1 }, ...options }: LoaderOptions = {},
  ) {
    const { trained, heldOut } = partsOf(dataset.length, config);
    this.readable = new ReadablePictures(dataset, strict);
    this.#pictures = new DecodedPictures(this.readable, config, options);
    const dealer = (numbers: Uint32Array, draws: string, allBroken: () => InputError) =>
      new Dealer({ numbers, draws, allBroken }, this.#pictures, this.readable, config, share);
    const broken = (name: string, part: string, count: number) => () =>
      new InputError({
        name,
        expected: `at least one of the ${count} ${part} pictures to be readable (another seed draws others)`,
        got: 'only broken ones',
      });
    this.#trained = dealer(trained, '', () =>
      heldOut.length > 0 ? broken('data', 'remaining', trained.length)() : this.readable.allBroken(),
    );
    if (heldOut.length > 0) this.heldOut = dealer(heldOut, 'held-out/', broken('heldOut', 'held-out', heldOut.length));
  }

  /** Batches before every picture but the left-out ones has been seen once. */
  get batchesPerEpoch(): number {
    return this.#trained.batchesPerEpoch;
  }

  /** Pictures that are trained on, without those that are known to be broken. */
  get length(): number {
    return this.#trained.length;
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
   * @throws InputError if every picture of the set or of one of its parts is broken, or, with `strict`, any
   * @throws the signal's reason when it is aborted
   */
  async decodeAll(options: DecodeOptions = {}): Promise<void> {
    await this.#pictures.decodeAll(options);
    for (const dealer of [this.#trained, this.heldOut]) if (dealer?.length === 0) throw dealer.part.allBroken();
  }

  /**
   * Batch `step` of the run, counted from 0; meanwhile begins with the one after it.
   * @returns [N, C, H, W], normalised; of a share, its rows
   * @throws InputError if every picture is broken
   * @throws RangeError if `step` is no integer of at least 0
   */
  batch(step: number): Promise<Float32Array> {
    return this.#trained.batch(step);
  }

  /** As `batch`, with the number of each picture's class; 0 in a set without classes. @throws as `batch` */
  labelledBatch(step: number): Promise<LabelledBatch> {
    return this.#trained.labelledBatch(step);
  }

  /** Closes the cache file, if there is one. */
  async close(): Promise<void> {
    await this.#trained.close();
    await this.heldOut?.close();
    await this.#pictures.close();
  }
}
