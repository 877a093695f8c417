/** @file Writers of a shard of pictures, one entry per format: all of a shard is there, or nothing. */
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ZipFile } from 'yazl';
import { writeSynced } from '../../../onnx/files/disk/atomic-file.node.js';
import { inParallel } from '../../files/in-parallel.js';
import { numberedPath, type Numbering } from '../../files/owned-files.js';
import { npyHeader } from '../../numeric/npy.js';
import { encodePng, encodeWebp } from '../../pictures/pictures.node.js';
import type { Picture } from '../../pictures/pictures.js';
import type { PictureSize } from '../../pictures/pixels.js';
import { publishFile, publishFolder } from '../../tasks/publish.node.js';
import type { ShardFormat } from '../kinds/shards.js';

/** Adds the next pictures to a shard; the first of them is number `first` of the job. */
export type AddPictures = (first: number, pictures: readonly Picture[]) => Promise<void>;

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

/**
 * Writes a shard and gives it its name once it is complete and on disk.
 * @param fill adds all its pictures
 * @returns whether it is ours: false where another process was faster
 * @throws errors of `fill` and of the disk; nothing is left then
 */
type Sink = (place: ShardPlace, fill: (add: AddPictures) => Promise<void>) => Promise<boolean>;

/** Files that are written at the same time: enough for all threads that encode, few enough for systems with low limits. */
const OPEN_FILES = 16;
/** Zip's dates begin here; a fixed one gives the same bytes every time. */
const ZIP_DATE = new Date(1980, 0, 1, 12);

export const sinks: Record<ShardFormat, Sink> = {
  png: (place, fill) => folderShard(place, (picture) => encodePng(picture), fill),
  webp: (place, fill) => folderShard(place, encodeWebp, fill),
  npy: (place, fill) => publishFile(shardPath(place), ({ handle }) => npyShard(handle, place, fill)),
  zip: (place, fill) => publishFile(shardPath(place), ({ handle }) => zipShard(handle, fill)),
};

/** How the files of a format are named. */
export function shardNumbering(format: ShardFormat, count: number, shardSize: number): Numbering {
  if (format === 'png' || format === 'webp') return { in: 'folders', extension: format, count, size: shardSize };
  return { in: 'archives', extension: format, count: Math.ceil(count / shardSize) };
}

/** The name of a shard in the job's folder: of a sub-folder, or of an archive. */
export function shardName(numbering: Numbering, shard: number): string {
  return numbering.in === 'folders'
    ? dirname(numberedPath(numbering, shard * numbering.size))
    : numberedPath(numbering, shard);
}

/** The file that holds a picture of the job. */
export function pictureFile(folder: string, numbering: Numbering, index: number, shard: number): string {
  return join(folder, numberedPath(numbering, numbering.in === 'folders' ? index : shard));
}

const shardPath = ({ folder, numbering, shard }: ShardPlace) => join(folder, shardName(numbering, shard));

/** A sub-folder of picture files, encoded in parallel. */
function folderShard(
  place: ShardPlace,
  encoded: (picture: Picture) => Promise<Uint8Array>,
  fill: (add: AddPictures) => Promise<void>,
): Promise<boolean> {
  const name = (index: number) => basename(numberedPath(place.numbering, index));
  return publishFolder(shardPath(place), (folder) =>
    fill((first, pictures) =>
      inParallel(pictures.entries(), OPEN_FILES, async ([i, picture]) =>
        writeSynced(join(folder, name(first + i)), await encoded(picture)),
      ),
    ),
  );
}

/** A NumPy array of uint8 [N, H, W, C]. */
async function npyShard(
  handle: FileHandle,
  { count, size: { height, width, channels } }: ShardPlace,
  fill: (add: AddPictures) => Promise<void>,
): Promise<void> {
  await handle.writeFile(npyHeader('|u1', [count, height, width, channels]));
  await fill((_first, pictures) => handle.writeFile(Buffer.concat(pictures.map(({ data }) => data))));
}

/** A zip of PNG files, stored as they are, since PNG is compressed already. */
async function zipShard(handle: FileHandle, fill: (add: AddPictures) => Promise<void>): Promise<void> {
  const { ZipFile: Zip } = await import('yazl');
  const zip: ZipFile = new Zip();
  const written = (async () => {
    for await (const chunk of zip.outputStream) await handle.writeFile(chunk);
  })();
  // A failure is met below; until then it must not end the process.
  written.catch(() => {});
  try {
    await fill(async (first, pictures) => {
      const files = await Promise.all(pictures.map((picture) => encodePng(picture)));
      files.forEach((data, i) => {
        const name = `${String(first + i).padStart(8, '0')}.png`;
        const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
        zip.addBuffer(bytes, name, { compress: false, mtime: ZIP_DATE });
      });
    });
  } catch (error) {
    zip.end();
    await written.catch(() => {});
    throw error;
  }
  zip.end();
  await written;
}
