/** @file A data set's pictures at the network's size: decoded once, kept in memory or in a cache file. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inParallel } from '../../../inference/files/in-parallel.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { resizedPicture } from '../../../inference/pictures/resize.js';
import type { GanConfig } from '../../settings/config.js';
import { CacheFile, cacheFileBytes, type CacheKey } from './cache-file.node.js';
import { cacheFilePath } from './cache-folder.node.js';
import type { ReadablePictures } from '../sets/readable.js';

const DEFAULT_MEMORY_BYTES = 2 ** 30;
/** Pictures decoded at a time: enough for sharp's threads, few enough that huge ones do not fill the memory. */
export const DECODED_AT_ONCE = 4;
/** Counts up when the same files decode to other pixels than before. */
const DECODER_VERSION = 3;

/** Where decoded pictures may be kept. */
export interface KeepOptions {
  /** Memory for decoded pictures; 1 GiB by default. A set that needs more goes to the cache file. */
  memoryBytes?: number | undefined;
  /** Folder of cache files and how large they may be together. A set that needs more is decoded anew in every epoch. */
  cache?: { folder: string; maxBytes: number } | undefined;
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

/** The pictures of a set at one size. */
export class DecodedPictures {
  /** Bytes of a picture. */
  readonly stride: number;
  readonly #readable: ReadablePictures;
  readonly #size: Pick<GanConfig, 'imageSize' | 'channels' | 'resize'>;
  readonly #options: KeepOptions;
  /** All pictures, if they fit, and which of them are there. */
  readonly #memory: Uint8Array | undefined;
  readonly #inMemory: Uint8Array;
  #file: CacheFile | undefined;

  constructor(
    readable: ReadablePictures,
    size: Pick<GanConfig, 'imageSize' | 'channels' | 'resize'>,
    options: KeepOptions,
  ) {
    const { dataset } = readable;
    this.#readable = readable;
    this.#size = size;
    this.#options = options;
    this.stride = size.channels * size.imageSize ** 2;
    const bytes = this.stride * dataset.length;
    this.#memory = bytes <= (options.memoryBytes ?? DEFAULT_MEMORY_BYTES) ? new Uint8Array(bytes) : undefined;
    this.#inMemory = new Uint8Array(dataset.length);
  }

  /** Bytes of pictures that are kept in memory. */
  get memoryBytes(): number {
    return this.#memory?.length ?? 0;
  }

  /** Where the pictures are, after `decodeAll`: `memory`, the path of a file, or why they are kept nowhere. */
  get place(): string {
    if (this.#memory !== undefined) return 'memory';
    const gib = (this.stride * this.#readable.dataset.length) / 2 ** 30;
    return (
      this.#file?.path ??
      `kept nowhere and decoded in every epoch, as ${gib.toFixed(1)} GiB are more than \`cacheSize\``
    );
  }

  /**
   * Decodes the whole set into memory or into a cache file, or finds the cache file of an earlier run; `skipped` is complete
   * then. Without this call, or where the set fits neither, pictures are decoded as they are needed.
   * @throws InputError if every picture is broken, or, with `strict`, any
   * @throws the signal's reason when it is aborted
   */
  async decodeAll(options: DecodeOptions): Promise<void> {
    this.#readable.checkNoneSkipped();
    if (this.#memory !== undefined) await this.#decodeEach(options, async (index) => void (await this.picture(index)));
    else this.#file = await this.#cacheFile(options);
    if (this.#readable.broken.size === this.#readable.dataset.length) throw this.#readable.allBroken();
  }

  /** Picture `index` of the set; `undefined` if it is broken. @throws InputError if it is, with `strict` */
  async picture(index: number): Promise<Picture | undefined> {
    if (this.#readable.broken.has(index)) return undefined;
    const { imageSize, channels } = this.#size;
    const size = { width: imageSize, height: imageSize, channels };
    const kept = this.#memory?.subarray(index * this.stride, (index + 1) * this.stride);
    const data = this.#inMemory[index] === 1 ? kept : await this.#file?.read(index);
    if (data !== undefined) return { ...size, data };
    const picture = await this.#decoded(index);
    if (picture === undefined || kept === undefined) return picture;
    kept.set(picture.data);
    this.#inMemory[index] = 1;
    return picture;
  }

  /** Closes the cache file, if there is one. */
  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #decoded(index: number): Promise<Picture | undefined> {
    const { imageSize, channels, resize } = this.#size;
    const picture = await this.#readable.picture(index);
    return picture && resizedPicture(picture, { width: imageSize, height: imageSize, channels, resize });
  }

  /** The cache file of this set at this size, made if there is none; `undefined` where it would be too large. */
  async #cacheFile(options: DecodeOptions): Promise<CacheFile | undefined> {
    const { cache } = this.#options;
    const source = await this.#readable.dataset.fingerprint?.();
    if (cache === undefined || source === undefined) return undefined;
    const parts = [DECODER_VERSION, source, this.#size.imageSize, this.#size.channels, this.#size.resize];
    const fingerprint = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
    const key: CacheKey = { fingerprint, count: this.#readable.dataset.length, stride: this.stride };
    if (cacheFileBytes(key) > cache.maxBytes) return undefined;
    const path = cacheFilePath(cache.folder, fingerprint);
    const found = await CacheFile.opened(path, key);
    if (found !== undefined) {
      try {
        for (const [index, message] of found.broken) this.#readable.addBroken(index, message);
      } catch (error) {
        await found.close();
        throw error;
      }
      return found;
    }
    return CacheFile.built(path, key, cache.maxBytes, async (write) => {
      await this.#decodeEach(options, async (index) => {
        const picture = await this.#decoded(index);
        if (picture !== undefined) await write(index, picture.data);
      });
      return this.#readable.broken;
    });
  }

  async #decodeEach(
    { progress_callback, signal }: DecodeOptions,
    decode: (index: number) => Promise<void>,
  ): Promise<void> {
    const total = this.#readable.dataset.length;
    let loaded = 0;
    await inParallel(Array(total).keys(), DECODED_AT_ONCE, async (index) => {
      signal?.throwIfAborted();
      await decode(index);
      loaded++;
      progress_callback?.({ status: 'progress', loaded, total, progress: (100 * loaded) / total });
      // Pictures from memory never wait for the event loop: let others have their turn.
      if (loaded % 64 === 0) await nextTurn();
    });
  }
}
