/** @file What a shard of pictures is written to, one entry per format. */
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ZipFile } from 'yazl';
import { npyHeader } from '../../numeric/npy.js';
import { encodePng, encodeWebp } from '../../pictures/pictures.node.js';
import type { Picture } from '../../pictures/pictures.js';
import type { PictureSize } from '../../pictures/pixels.js';
import type { ShardFormat } from '../kinds/shards.js';

/** One shard that is being written. */
export interface Sink {
  /** Where a picture of the job is, once it can be read. */
  file(index: number): string;
  /** Whether pictures can be read as soon as they are added rather than once the shard is closed. */
  readonly immediate: boolean;
  /** Adds the next pictures, of which the first is number `first` of the job. */
  add(first: number, pictures: readonly Picture[]): Promise<void>;
  /** Completes the shard. */
  close(): Promise<void>;
  /** Gives the shard up. */
  abandon(): Promise<void>;
}

/** Where a shard goes and what it will hold. */
export interface ShardPlace {
  /** The job's folder. */
  folder: string;
  /** Number of the shard. */
  shard: number;
  /** Pictures in this shard. */
  count: number;
  size: PictureSize;
}

/** Zip's dates begin here; a fixed one gives the same bytes every time. */
const ZIP_DATE = new Date(1980, 0, 1, 12);

export const sinks: Record<ShardFormat, (place: ShardPlace) => Promise<Sink>> = {
  png: (place) => folderSink(place, 'png', (picture) => encodePng(picture)),
  webp: (place) => folderSink(place, 'webp', encodeWebp),
  npy: npySink,
  zip: zipSink,
};

const numbered = (number: number, digits: number) => String(number).padStart(digits, '0');
const pictureName = (index: number, extension: string) => `${numbered(index, 8)}.${extension}`;

/** A sub-folder of picture files, encoded in parallel. */
async function folderSink(
  { folder, shard }: ShardPlace,
  extension: string,
  encoded: (picture: Picture) => Promise<Uint8Array>,
): Promise<Sink> {
  const shardFolder = join(folder, numbered(shard, 5));
  await rm(shardFolder, { recursive: true, force: true });
  await mkdir(shardFolder, { recursive: true });
  const file = (index: number) => join(shardFolder, pictureName(index, extension));
  return {
    file,
    immediate: true,
    async add(first, pictures) {
      await Promise.all(pictures.map(async (picture, i) => writeWhole(file(first + i), await encoded(picture))));
    },
    close: async () => {},
    abandon: async () => {},
  };
}

/** Writes a file of a shard that counts only once the whole shard is there. */
async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  await handle.writeFile(data).finally(() => handle.close());
}

/** A NumPy array of uint8 [N, H, W, C]. */
async function npySink({ folder, shard, count, size }: ShardPlace): Promise<Sink> {
  const path = join(folder, `${numbered(shard, 5)}.npy`);
  const part = `${path}.part`;
  const handle = await open(part, 'w');
  await handle.writeFile(npyHeader('|u1', [count, size.height, size.width, size.channels]));
  return {
    file: () => path,
    immediate: false,
    add: async (_first, pictures) => handle.writeFile(Buffer.concat(pictures.map(({ data }) => data))),
    async close() {
      await handle.sync();
      await handle.close();
      await rename(part, path);
    },
    async abandon() {
      await handle.close();
      await rm(part, { force: true });
    },
  };
}

/** A zip of PNG files, stored as they are, since PNG is compressed already. */
async function zipSink({ folder, shard }: ShardPlace): Promise<Sink> {
  const { ZipFile: Zip } = await import('yazl');
  const path = join(folder, `${numbered(shard, 5)}.zip`);
  const part = `${path}.part`;
  const zip: ZipFile = new Zip();
  const written = pipeline(zip.outputStream, createWriteStream(part, { flush: true }));
  // A failure is reported by `close`; until then it must not end the process.
  written.catch(() => {});
  return {
    file: () => path,
    immediate: false,
    async add(first, pictures) {
      const files = await Promise.all(pictures.map((picture) => encodePng(picture)));
      files.forEach((data, i) => {
        const options = { compress: false, mtime: ZIP_DATE };
        zip.addBuffer(
          Buffer.from(data.buffer, data.byteOffset, data.byteLength),
          pictureName(first + i, 'png'),
          options,
        );
      });
    },
    async close() {
      zip.end();
      await written;
      await rename(part, path);
    },
    async abandon() {
      zip.end();
      await written.catch(() => {});
      await rm(part, { force: true });
    },
  };
}
