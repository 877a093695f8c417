/** @file Decoded pictures of one size in a file, read by position: for sets that are too large for memory. */
import { open, utimes, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { InputError } from '../../../onnx/errors.js';
import { AtomicFile, writeAt } from '../../../onnx/files/disk/atomic-file.node.js';
import { roomMade } from './cache-folder.node.js';
import { makeFolder } from '../../../onnx/files/disk/folder.node.js';

/** Before the pictures: what the file is, and length and checksum of the index behind them. */
const HEADER_BYTES = 16;
const MAGIC = 0x47_53_50_31; // GSP1
const MAX_INDEX_BYTES = 2 ** 30;

/** What a cache file holds. */
export interface CacheKey {
  /** What the pictures were made of and how. */
  fingerprint: string;
  /** Number of pictures. */
  count: number;
  /** Bytes of a picture. */
  stride: number;
}

/** Behind the pictures, as JSON. */
interface CacheIndex extends CacheKey {
  /** CRC-32 of each picture, little-endian, in base64. */
  checksums: string;
  /** Pictures that cannot be decoded, and why. */
  broken: [number, string][];
}

/** A whole cache file, open for reading. */
export class CacheFile {
  readonly path: string;
  readonly broken: ReadonlyMap<number, string>;
  readonly #file: FileHandle;
  readonly #stride: number;
  readonly #checksums: Uint32Array;

  private constructor(
    path: string,
    file: FileHandle,
    stride: number,
    checksums: Uint32Array,
    broken: Map<number, string>,
  ) {
    this.path = path;
    this.#file = file;
    this.#stride = stride;
    this.#checksums = checksums;
    this.broken = broken;
  }

  /** The cache file at `path`; `undefined` if there is none, it is damaged, or it holds something else than `key` says. */
  static async opened(path: string, key: CacheKey): Promise<CacheFile | undefined> {
    const file = await open(path).catch(() => undefined);
    const index = file && (await readIndex(file, key));
    if (file === undefined || index === undefined) {
      await file?.close();
      return undefined;
    }
    const checksums = new Uint32Array(key.count);
    const bytes = Buffer.from(index.checksums, 'base64');
    for (let i = 0; i < key.count; i++) checksums[i] = bytes.readUInt32LE(4 * i);
    // The time of last use decides what makes room for others; who may not set it still may read.
    await utimes(path, new Date(), new Date()).catch(() => undefined);
    return new CacheFile(path, file, key.stride, checksums, new Map(index.broken));
  }

  /**
   * Makes the file at `path`: written beside it, and renamed when it is complete.
   * @param maxBytes of all cache files in the folder together; the ones that were used least recently make room
   * @param fill gives every picture to `write`, in any order, and returns those that cannot be decoded with the reason
   * @throws InputError if the folder cannot be written to
   * @throws what `fill` throws; nothing is left behind then
   */
  static async built(
    path: string,
    key: CacheKey,
    maxBytes: number,
    fill: (write: (index: number, data: Uint8Array) => Promise<void>) => Promise<ReadonlyMap<number, string>>,
  ): Promise<CacheFile | undefined> {
    const file = await newFile(path, () => roomMade(dirname(path), cacheFileBytes(key), maxBytes));
    const { handle } = file;
    try {
      const checksums = Buffer.alloc(4 * key.count);
      const broken = await fill(async (index, data) => {
        checksums.writeUInt32LE(crc32(data), 4 * index);
        await writeAt(handle, data, HEADER_BYTES + index * key.stride);
      });
      const index: CacheIndex = {
        ...key,
        checksums: checksums.toString('base64'),
        broken: [...broken].sort(([a], [b]) => a - b),
      };
      const bytes = Buffer.from(JSON.stringify(index));
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32BE(MAGIC, 0);
      header.writeUInt32BE(bytes.length, 4);
      header.writeUInt32BE(crc32(bytes), 8);
      await writeAt(handle, bytes, HEADER_BYTES + key.count * key.stride);
      await writeAt(handle, header, 0);
    } catch (error) {
      await file.abandon();
      throw error;
    }
    await file.commit();
    return CacheFile.opened(path, key);
  }

  /** The bytes of picture `index`; `undefined` if they are not those that were written. */
  async read(index: number): Promise<Uint8Array | undefined> {
    const data = new Uint8Array(this.#stride);
    const { bytesRead } = await this.#file.read(data, 0, this.#stride, HEADER_BYTES + index * this.#stride);
    return bytesRead === this.#stride && crc32(data) === this.#checksums[index] ? data : undefined;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** A new file, opened after `prepare` has seen its folder. @throws InputError if there can be none */
async function newFile(path: string, prepare: () => Promise<void>): Promise<AtomicFile> {
  try {
    await makeFolder(dirname(path));
    await prepare();
    return await AtomicFile.create(path);
  } catch (error) {
    throw new InputError({
      name: 'cache',
      expected: 'a folder that can be written to (choose another one, or `cacheSize` 0)',
      got: `${dirname(path)} (${(error as NodeJS.ErrnoException).code})`,
    });
  }
}

/** About how large a cache file is: pictures and checksums. */
export function cacheFileBytes({ count, stride }: CacheKey): number {
  return HEADER_BYTES + count * (stride + 6);
}

/** The index, if the file is whole and holds what `key` says. */
async function readIndex(file: FileHandle, key: CacheKey): Promise<CacheIndex | undefined> {
  const header = Buffer.alloc(HEADER_BYTES);
  const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
  const length = header.readUInt32BE(4);
  const start = HEADER_BYTES + key.count * key.stride;
  if (bytesRead < HEADER_BYTES || header.readUInt32BE(0) !== MAGIC || length > MAX_INDEX_BYTES) return undefined;
  if ((await file.stat()).size !== start + length) return undefined;
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, start);
  if (crc32(bytes) !== header.readUInt32BE(8)) return undefined;
  const index = JSON.parse(bytes.toString()) as CacheIndex;
  const same = (['fingerprint', 'count', 'stride'] as const).every((name) => index[name] === key[name]);
  return same && Buffer.byteLength(index.checksums, 'base64') === 4 * key.count ? index : undefined;
}
