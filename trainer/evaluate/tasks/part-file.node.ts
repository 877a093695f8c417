/** @file A part of a compared set as a file: counts as a line of JSON, then its sums and the features that are kept. */
import { open, type FileHandle } from 'node:fs/promises';
import { publishFile } from '../../../inference/tasks/publish.node.js';
import { InputError } from '../../../onnx/errors.js';
import { scatterOf, upperTriangle } from '../../quality/distance/feature-sums.js';
import type { RowSource } from '../../quality/measured-set.node.js';
import type { SetPart } from '../../quality/set-part.node.js';
import type { BrokenPicture } from '../../quality/candidates.js';

/** The first line. What follows begins at the next multiple of 8 bytes: float64 sums, uint32 positions, float32 features. */
interface Head {
  part: 'ganscope';
  start: number;
  end: number;
  broken: BrokenPicture[];
  /** Features per picture. */
  size: number;
  /** Whether there are sums: [D] and the upper triangle [D(D + 1)/2]. */
  sums: boolean;
  /** Pictures that sums were taken of. */
  count: number;
  /** Pictures whose features are kept. */
  kept: number;
}

/** Bytes that are read of a file before its first line is known. */
const HEAD_BYTES = 65_536;
const aligned = (bytes: number) => 8 * Math.ceil(bytes / 8);
const bytesOf = (data: Float64Array | Uint32Array | Float32Array) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Writes a part, unless another process has. @param check called before it is put in its place */
export async function writePart(
  path: string,
  { start, end, broken, sums, kept }: SetPart,
  size: number,
  check: () => Promise<void>,
): Promise<void> {
  const head: Head = {
    part: 'ganscope',
    start,
    end,
    broken,
    size,
    sums: sums !== undefined,
    count: sums?.count ?? 0,
    kept: kept.positions.length,
  };
  const line = Buffer.from(`${JSON.stringify(head)}\n`);
  await publishFile(path, async ({ handle }) => {
    await handle.appendFile(Buffer.concat([line], aligned(line.length)));
    if (sums) {
      await handle.appendFile(bytesOf(sums.sum));
      await handle.appendFile(bytesOf(upperTriangle(sums.scatter, size)));
    }
    const { byteLength } = kept.positions;
    await handle.appendFile(Buffer.concat([bytesOf(kept.positions)], aligned(byteLength)));
    await handle.appendFile(bytesOf(kept.data));
    await check();
  });
}

/** A part whose features stay on disk. */
export interface StoredPart {
  part: SetPart;
  rows: RowSource;
}

/**
 * Reads a part.
 * @param withSums whether sums are wanted
 * @throws InputError if it is damaged, or of another number of features
 */
export async function readPart(path: string, size: number, withSums: boolean): Promise<StoredPart> {
  await using file = await open(path);
  const { head, offset } = await headOf(file, path);
  if (head.size !== size)
    throw new InputError({ name: path, expected: `${size} features per picture`, got: head.size });
  const triangle = (size * (size + 1)) / 2;
  const positionsAt = offset + (head.sums ? 8 * (size + triangle) : 0);
  const rowsAt = positionsAt + aligned(4 * head.kept);
  const { size: bytes } = await file.stat();
  if (bytes !== rowsAt + 4 * head.kept * size) throw damaged(path);
  const positions = new Uint32Array(head.kept);
  await readInto(file, bytesOf(positions), positionsAt, path);
  const part: SetPart = {
    start: head.start,
    end: head.end,
    broken: head.broken,
    kept: { positions, data: new Float32Array() },
  };
  if (withSums && head.sums) {
    const [sum, upper] = [new Float64Array(size), new Float64Array(triangle)];
    await readInto(file, bytesOf(sum), offset, path);
    await readInto(file, bytesOf(upper), offset + 8 * size, path);
    part.sums = { count: head.count, sum, scatter: scatterOf(upper, size) };
  }
  return { part, rows: rowsOf(path, positions, rowsAt, size) };
}

/** The features of a file, read when they are asked for. */
function rowsOf(path: string, positions: Uint32Array, rowsAt: number, size: number): RowSource {
  return {
    positions,
    async read(rows) {
      await using file = await open(path);
      const found: Float32Array[] = [];
      for (const row of rows) {
        const data = new Float32Array(size);
        await readInto(file, bytesOf(data), rowsAt + 4 * row * size, path);
        found.push(data);
      }
      return found;
    },
  };
}

async function headOf(file: FileHandle, path: string): Promise<{ head: Head; offset: number }> {
  let bytes = Buffer.alloc(0);
  while (!bytes.includes(10)) {
    const more = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(more, 0, HEAD_BYTES, bytes.length);
    if (bytesRead === 0) throw damaged(path);
    bytes = Buffer.concat([bytes, more.subarray(0, bytesRead)]);
  }
  const end = bytes.indexOf(10) + 1;
  try {
    const head = JSON.parse(bytes.toString('utf8', 0, end)) as Partial<Head> | null;
    const numbers = [head?.start, head?.end, head?.size, head?.count, head?.kept];
    if (head?.part === 'ganscope' && Array.isArray(head.broken) && numbers.every((each) => Number.isSafeInteger(each)))
      return { head: head as Head, offset: aligned(end) };
  } catch {
    // Said below.
  }
  throw damaged(path);
}

async function readInto(file: FileHandle, bytes: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) throw damaged(path);
    done += bytesRead;
  }
}

const damaged = (path: string) =>
  new InputError({ name: path, expected: 'a part of an evaluation', got: 'something else' });
