/** @file The pictures of a job as a file: any number of them, of which a task reads its own. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { InputError } from '../../onnx/errors.js';
import { placedPath } from '../../inference/files/copies.node.js';
import { oneLine } from '../../inference/parse/json.js';
import { isNpy, isTiff } from '../../inference/rasters/assumed.js';
import { publishFile } from '../../inference/tasks/publish.node.js';
import { stampOf } from '../files/picture-groups.node.js';

/** A picture of the list. */
export interface ListedPicture {
  /** As it was named. */
  name: string;
  /** An address where the name is one and nothing is a copy of it. */
  path: string;
  /** Size and time of the file when the job began. */
  stamp: string;
}

/** Files whose times are asked for together, and lines that are written together. */
const AT_ONCE = 64;

/**
 * Writes a list, unless there is one already.
 * @param names as the results will name them
 * @param folder where relative names begin, relative to the list's folder
 * @param known sizes and times of names that are no files here
 */
export async function writePictureList(
  path: string,
  names: readonly string[],
  folder: string,
  known?: ReadonlyMap<string, string>,
): Promise<void> {
  const base = resolve(dirname(path), folder);
  const stamp = async (name: string) => known?.get(name) ?? stampOf(placedPath(base, name));
  await publishFile(path, async ({ handle }) => {
    await handle.appendFile(`${oneLine({ folder })}\n`);
    for (let start = 0; start < names.length; start += AT_ONCE) {
      const some = names.slice(start, start + AT_ONCE);
      const stamps = await Promise.all(some.map(stamp));
      await handle.appendFile(some.map((name, i) => `${oneLine([name, stamps[i]])}\n`).join(''));
    }
  });
}

/** What differs first between a list and names; nothing if they are the same. */
export async function listDifference(
  path: string,
  names: readonly string[],
  folder: string,
): Promise<{ listed: string | undefined; given: string | undefined } | undefined> {
  let at = -1;
  for await (const line of linesOf(path)) {
    const value = parsedLine(line, path);
    const [listed, given] = at < 0 ? [folderOf(value, path), folder] : [pairOf(value, path)[0], names[at]];
    if (listed !== given) return { listed, given };
    at++;
  }
  return at === names.length ? undefined : { listed: undefined, given: names[at] };
}

/** A list that is read where it is needed. */
export class PictureList {
  private constructor(
    readonly path: string,
    readonly folder: string,
    /** Pictures. */
    readonly count: number,
    readonly taskSize: number,
    /** Where the lines of each task begin, and the end. */
    readonly offsets: readonly number[],
    /** One file of each kind that may hold the network's channels as they are. */
    readonly rasters: readonly string[],
  ) {}

  /** @param taskSize pictures of a task @throws InputError if it is no such list */
  static async open(path: string, taskSize: number): Promise<PictureList> {
    const offsets: number[] = [];
    const rasters = new Map<(name: string) => boolean, string>();
    let [at, offset, folder] = [-1, 0, ''];
    for await (const line of linesOf(path)) {
      const value = parsedLine(line, path);
      if (at < 0) folder = folderOf(value, path);
      else {
        if (at % taskSize === 0) offsets.push(offset);
        const [name] = pairOf(value, path);
        for (const kind of [isNpy, isTiff]) if (!rasters.has(kind) && kind(name)) rasters.set(kind, name);
      }
      offset += Buffer.byteLength(line) + 1;
      at++;
    }
    if (at < 0) throw notAList(path);
    return new PictureList(path, folder, at, taskSize, [...offsets, offset], [...rasters.values()]);
  }

  get tasks(): number {
    return this.offsets.length - 1;
  }

  /** How many pictures a task has. */
  size(task: number): number {
    return Math.min(this.taskSize, this.count - task * this.taskSize);
  }

  /** The pictures of a task. */
  async pictures(task: number): Promise<ListedPicture[]> {
    const [start = 0, end = start] = [this.offsets[task], this.offsets[task + 1]];
    await using file = await open(this.path);
    const bytes = Buffer.alloc(end - start);
    await file.read(bytes, 0, bytes.length, start);
    const lines = bytes.toString('utf8').trimEnd().split('\n');
    return lines.map((line) => {
      const [name, stamp] = pairOf(parsedLine(line, this.path), this.path);
      return { name, path: placedPath(resolve(dirname(this.path), this.folder), name), stamp };
    });
  }
}

function linesOf(path: string) {
  return createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
}

function parsedLine(line: string, path: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw notAList(path);
  }
}

function folderOf(value: unknown, path: string): string {
  const { folder } = (value ?? {}) as { folder?: unknown };
  if (typeof folder !== 'string') throw notAList(path);
  return folder;
}

function pairOf(value: unknown, path: string): [string, string] {
  if (Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'string'))
    return value as [string, string];
  throw notAList(path);
}

const notAList = (path: string) =>
  new InputError({ name: path, expected: 'a list of pictures', got: 'something else' });
