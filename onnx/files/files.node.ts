/** @file Whole files in and out: bounded reads, and writes that never leave a half-written file behind. */
import { open, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InputError } from '../errors.js';
import { writeAtomically } from './disk/atomic-file.node.js';
import { removeLeftoversOf } from './disk/temporary.node.js';
import { fetchBytes, type LoadOptions } from './fetch.js';

/**
 * The bytes of a regular file.
 * @param path file to read; bytes for names that are not UTF-8
 * @param maxBytes largest accepted size in bytes
 * @throws InputError if the file is missing, not a regular file, or larger than `maxBytes`; its `cause` is the system's error
 */
export async function readBoundedFile(path: string | Buffer, maxBytes: number): Promise<Uint8Array> {
  await fileSize(path, maxBytes);
  return readFile(path).catch(cannotRead(path));
}

/**
 * Some bytes of a file, fewer where it ends before.
 * @param end after the last one
 * @throws InputError if the file is missing or cannot be read; its `cause` is the system's error
 */
export async function readFilePart(path: string | Buffer, start: number, end: number): Promise<Uint8Array> {
  const file = await open(path).catch(cannotRead(path));
  try {
    const bytes = new Uint8Array(end - start);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, start + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } catch (error) {
    return cannotRead(path)(error as NodeJS.ErrnoException);
  } finally {
    await file.close();
  }
}

/** Bytes `start`…`end` − 1 of a stream, fewer where the stream ends before; it is not read further. */
export async function streamPart(stream: AsyncIterable<unknown>, start: number, end: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let at = 0;
  for await (const part of stream) {
    const chunk = part as Uint8Array;
    if (at + chunk.length > start) parts.push(chunk.subarray(Math.max(0, start - at), Math.max(0, end - at)));
    at += chunk.length;
    if (at >= end) break;
  }
  return Buffer.concat(parts);
}

/** The size of a regular file in bytes. @throws as `readBoundedFile` */
export async function fileSize(path: string | Buffer, maxBytes: number): Promise<number> {
  const info = await stat(path).catch(cannotRead(path));
  if (!info.isFile()) throw new InputError({ name: String(path), expected: 'a file', got: 'a folder or device' });
  if (info.size > maxBytes) {
    throw new InputError({ name: String(path), expected: `at most ${maxBytes} bytes`, got: info.size });
  }
  return info.size;
}

function cannotRead(path: string | Buffer) {
  return (error: NodeJS.ErrnoException): never => {
    throw new InputError(`${path}: cannot be read (${error.code ?? error.message})`, { cause: error });
  };
}

/**
 * The bytes of a file, wherever it is.
 * @param source path, or a URL of file:, http: or https:
 * @throws as `readBoundedFile` and `fetchBytes`
 */
export async function readSource(
  source: string | URL,
  maxBytes: number,
  options: LoadOptions = {},
): Promise<Uint8Array> {
  const url = urlOf(source);
  if (url && url.protocol !== 'file:') return fetchBytes(url, maxBytes, options);
  options.signal?.throwIfAborted();
  const file = url ? fileURLToPath(url) : String(source);
  const bytes = await readBoundedFile(file, maxBytes);
  const { length } = bytes;
  options.progress_callback?.({ status: 'progress', file, loaded: length, total: length, progress: 100 });
  return bytes;
}

/** The source as a URL, or undefined if it is a path. */
export function urlOf(source: string | URL): URL | undefined {
  if (typeof source !== 'string') return source;
  if (!/^(https?|file):\/\//i.test(source)) return undefined;
  if (!URL.canParse(source)) throw new InputError({ name: source, expected: 'a path or a URL; it is a malformed URL' });
  return new URL(source);
}

/** Writes a file beside `path`, syncs it to disk and renames it into place; makes the folder if it is missing. */
export function writeFileAtomic(path: string, data: Uint8Array | string): Promise<void> {
  return writeAtomically(path, (handle) => handle.writeFile(data));
}

/** The same for a file outside of the folders that commands own: removes what killed processes left of it, too. */
export async function writeOwnFile(path: string, data: Uint8Array | string): Promise<void> {
  await removeLeftoversOf(path);
  await writeFileAtomic(path, data);
}
