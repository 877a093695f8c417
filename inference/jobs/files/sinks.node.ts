/** @file Writers of a shard of pictures, one entry per format. */
import { dirname, join } from 'node:path';
import type { ZipFile } from 'yazl';
import { AtomicFile, syncFolder } from '../../../onnx/files/disk/atomic-file.node.js';
import { removeLeftovers } from '../../../onnx/files/disk/temporary.node.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { numberedPath, type Numbering } from '../../files/owned-files.js';
import { npyHeader } from '../../numeric/npy.js';
import { encodePng, encodeWebp } from '../../pictures/pictures.node.js';
import type { Picture } from '../../pictures/pictures.js';
import type { PictureSize } from '../../pictures/pixels.js';
import type { ShardFormat } from '../kinds/shards.js';
import { makeFolder } from '../../../onnx/files/disk/folder.node.js';

/** One shard that is being written. */
export interface Sink {
  /** Where a picture of the job is, once it can be read. */
  file(index: number): string;
  /** Whether pictures can be read as soon as they are added rather than once the shard is closed. */
  readonly immediate: boolean;
  /** Adds the next pictures, of which the first is number `first` of the job. */
  add(first: number, pictures: readonly Picture[]): Promise<void>;
  /** Completes the shard: all of it is on disk, but for the name of its file or folder. */
  close(): Promise<void>;
  /** Gives the shard up. */
  abandon(): Promise<void>;
}

/** Where a shard goes and what it will hold. */
export interface ShardPlace {
  /** The job's folder. */
  folder: string;
  /** How its files are named. */
  numbering: Numbering;
  /** Number of the shard. */
  shard: number;
  /** Pictures in this shard. */
  count: number;
  size: PictureSize;
}

/** Files that are written at the same time: enough for all threads that encode, few enough for systems with low limits. */
const OPEN_FILES = 16;
/** Zip's dates begin here; a fixed one gives the same bytes every time. */
const ZIP_DATE = new Date(1980, 0, 1, 12);

export const sinks: Record<ShardFormat, (place: ShardPlace) => Promise<Sink>> = {
  png: (place) => folderSink(place, (picture) => encodePng(picture)),
  webp: (place) => folderSink(place, encodeWebp),
  npy: npySink,
  zip: zipSink,
};

/** How the files of a format are named. */
export function shardNumbering(format: ShardFormat, count: number, shardSize: number): Numbering {
  if (format === 'png' || format === 'webp') return { in: 'folders', extension: format, count, size: shardSize };
  return { in: 'archives', extension: format, count: Math.ceil(count / shardSize) };
}

/** A sub-folder of picture files, encoded in parallel. */
async function folderSink(
  { folder, numbering, shard }: ShardPlace,
  encoded: (picture: Picture) => Promise<Uint8Array>,
): Promise<Sink> {
  const file = (index: number) => join(folder, numberedPath(numbering, index));
  const first = numbering.in === 'folders' ? shard * numbering.size : 0;
  const shardFolder = dirname(file(first));
  await makeFolder(shardFolder);
  await removeLeftovers(shardFolder);
  return {
    file,
    immediate: true,
    async add(start, pictures) {
      await inParallel(pictures, async (picture, i) => writeFileAtomic(file(start + i), await encoded(picture)));
    },
    // Each file is synced by the thread that wrote it, their names once for all.
    close: () => syncFolder(shardFolder),
    abandon: async () => {},
  };
}

/** Does something with all items, some at a time. @throws the first failure, once nothing runs any more */
async function inParallel<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  let [next, failed] = [0, false];
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      await work(items[index] as T, index).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: OPEN_FILES }, lane));
  for (const each of lanes) if (each.status === 'rejected') throw each.reason;
}

/** A NumPy array of uint8 [N, H, W, C]. */
async function npySink({ folder, numbering, shard, count, size }: ShardPlace): Promise<Sink> {
  const path = join(folder, numberedPath(numbering, shard));
  const file = await AtomicFile.create(path);
  const { height, width, channels } = size;
  await file.handle.writeFile(npyHeader('|u1', [count, height, width, channels])).catch(async (error: unknown) => {
    await file.abandon();
    throw error;
  });
  return {
    file: () => path,
    immediate: false,
    add: async (_first, pictures) => file.handle.writeFile(Buffer.concat(pictures.map(({ data }) => data))),
    close: () => file.commit(),
    abandon: () => file.abandon(),
  };
}

/** A zip of PNG files, stored as they are, since PNG is compressed already. */
async function zipSink({ folder, numbering, shard }: ShardPlace): Promise<Sink> {
  const { ZipFile: Zip } = await import('yazl');
  const path = join(folder, numberedPath(numbering, shard));
  const file = await AtomicFile.create(path);
  const zip: ZipFile = new Zip();
  const written = (async () => {
    for await (const chunk of zip.outputStream) await file.handle.writeFile(chunk);
  })();
  // A failure is reported by `close`; until then it must not end the process.
  written.catch(() => {});
  return {
    file: () => path,
    immediate: false,
    async add(first, pictures) {
      const files = await Promise.all(pictures.map((picture) => encodePng(picture)));
      files.forEach((data, i) => {
        const name = `${String(first + i).padStart(8, '0')}.png`;
        zip.addBuffer(Buffer.from(data.buffer, data.byteOffset, data.byteLength), name, {
          compress: false,
          mtime: ZIP_DATE,
        });
      });
    },
    async close() {
      zip.end();
      await written;
      await file.commit();
    },
    async abandon() {
      zip.end();
      await written.catch(() => {});
      await file.abandon();
    },
  };
}
