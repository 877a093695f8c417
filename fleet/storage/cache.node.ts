/** @file Copies of objects on disk. A copy is a folder whose name says of which objects it is; it never changes. */
import { createHash } from 'node:crypto';
import { link, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inParallel } from '../../inference/files/in-parallel.js';
import { ifThere } from '../../inference/files/missing.node.js';
import { publishFile } from '../../inference/tasks/publish.node.js';
import { InputError } from '../../onnx/errors.js';
import { cacheFolder } from '../../onnx/files/disk/cache-folder.node.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';
import type { S3Object, S3Storage } from './client.node.js';

/** An object, and its place in the copy. */
export interface Copied {
  object: S3Object;
  path: readonly string[];
}

/** Objects that are fetched at the same time. */
export const LANES = 8;
/** Gigabytes of all copies, if nothing else is said. */
const DEFAULT_GB = 20;
/** Milliseconds for which a copy stays after its last use, and between notes that it is used. */
const [KEPT_MS, USED_MS] = [24 * 3_600_000, 3_600_000];

export interface CopyOptions {
  signal?: AbortSignal | undefined;
  /** Called with how many are there. */
  progress?: ((done: number, total: number) => void) | undefined;
  /** A copy of some of the objects: these are not fetched again. */
  from?: string;
}

export class Cache {
  private constructor(
    readonly folder: string,
    private readonly mostBytes: number,
  ) {}

  /** @throws InputError for a limit that is no number */
  static of(environment: Readonly<Record<string, string | undefined>>): Cache {
    const { GANSCOPE_CACHE: own, GANSCOPE_CACHE_GB: gigabytes } = environment;
    const most = gigabytes ? Number(gigabytes) : DEFAULT_GB;
    if (!(most > 0)) throw new InputError({ name: 'GANSCOPE_CACHE_GB', expected: 'a number above 0', got: gigabytes });
    return new Cache(own || join(cacheFolder(environment), 's3'), most * 1e9);
  }

  /** For what processes need as long as they run. */
  get jobs(): string {
    return join(this.folder, 'jobs');
  }

  /**
   * Fetches what is not there yet.
   * @returns the folder of the copy
   * @throws InputError if it has no room, or an object cannot be fetched
   */
  async copy(
    storage: S3Storage,
    objects: readonly Copied[],
    { signal, progress, from }: CopyOptions = {},
  ): Promise<string> {
    const bytes = objects.reduce((sum, { object }) => sum + object.size, 0);
    const hash = createHash('sha256').update(`${storage.endpoint ?? ''}\n`);
    for (const { object, path } of objects)
      hash.update(`${JSON.stringify([path, object.bucket, object.key, object.etag, object.size])}\n`);
    const name = `${hash.digest('hex').slice(0, 32)}-${bytes}`;
    const folder = join(this.folder, name);
    await this.#makeRoom(name, bytes);
    await makeFolder(folder);
    await use(folder);
    keepUsed(folder);
    let done = 0;
    await inParallel(objects, LANES, async ({ object, path }) => {
      signal?.throwIfAborted();
      if (from !== undefined) await linked(join(from, ...path), join(folder, ...path));
      await fetched(storage, object, join(folder, ...path), signal);
      progress?.(++done, objects.length);
    });
    return folder;
  }

  /** Removes the copies that were not used for longest. */
  async #makeRoom(name: string, bytes: number): Promise<void> {
    const others: { path: string; size: number; used: number }[] = [];
    for (const other of (await ifThere(readdir(this.folder), this.folder)) ?? []) {
      const [, size] = /^[0-9a-f]{32}-(\d+)$/.exec(other) ?? [];
      const path = join(this.folder, other);
      // Of a process that was killed while it removed a copy.
      if (/^[0-9a-f]{32}-\d+\.removed$/.test(other)) await rm(path, { recursive: true, force: true });
      const info = size !== undefined && other !== name ? await ifThere(stat(path), path) : undefined;
      if (info) others.push({ path, size: Number(size), used: info.mtimeMs });
    }
    let left = this.mostBytes - bytes - others.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size, used } of others.toSorted((a, b) => a.used - b.used)) {
      if (left >= 0 || Date.now() - used < KEPT_MS) break;
      // Under another name first: what is half removed is no copy.
      const removed = `${path}.removed`;
      await rename(path, removed).catch(() => undefined);
      await rm(removed, { recursive: true, force: true });
      left += size;
    }
    if (left >= 0) return;
    const used = 'those used within a day';
    throw new InputError({
      name: this.folder,
      expected: `room for ${gb(bytes)} in copies of at most ${gb(this.mostBytes)} with ${used} (GANSCOPE_CACHE_GB changes it)`,
      got: gb(Math.max(0, left + bytes)),
    });
  }
}

const gb = (bytes: number) => `${Number((bytes / 1e9).toPrecision(3))} GB`;

/** Copies of this process. */
const inUse = new Set<string>();

/** Notes from time to time that a copy is still in use. */
function keepUsed(folder: string): void {
  if (inUse.has(folder)) return;
  inUse.add(folder);
  setInterval(() => void use(folder).catch(() => undefined), USED_MS).unref();
}

/** Takes a file of another copy, where the file system can. */
async function linked(from: string, path: string): Promise<void> {
  await makeFolder(dirname(path));
  await link(from, path).catch(() => undefined);
}

/** Notes that a copy is used now. */
function use(folder: string): Promise<void> {
  return utimes(folder, new Date(), new Date());
}

/** A file is there as a whole or not at all. It has the time of its object, so that all machines see the same one. */
export async function fetched(storage: S3Storage, object: S3Object, path: string, signal?: AbortSignal): Promise<void> {
  const there = await ifThere(stat(path), path);
  if (there?.size === object.size) return;
  await publishFile(path, async ({ handle }) => {
    await storage.fetch(object, handle, signal);
    const time = new Date(object.modified);
    await handle.utimes(time, time);
  });
}
