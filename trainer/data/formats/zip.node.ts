/** @file The files in a .zip, read where they lie; nothing is unpacked to disk. */
import { crc32 } from 'node:zlib';
import { getFileNameLowLevel, openPromise, type Entry } from 'yauzl';
import { InputError } from '../../../onnx/errors.js';
import { unreadPictures } from '../../../inference/files/picture-paths.node.js';
import { streamPart } from '../../../onnx/files/files.node.js';
import type { FileTree } from '../../../inference/files/tree.js';

const MAX_ENTRIES = 2_000_000;
/** Deflate cannot do better than 1032 : 1. */
const MAX_RATIO = 1032;
const FILE_TYPE_MASK = 0o170_000;
const LINK = 0o120_000;

/**
 * The files in a zip archive. Names that start with a dot, and macOS's `__MACOSX`, are ignored; links are skipped. A file
 * is read with at most the size that the archive states, and its checksum is compared. Nothing is unpacked to disk.
 * @param matters which files are looked at; all others are ignored, whatever is wrong with them
 * @throws InputError if this is no zip archive; for encrypted files, names that lead out of the archive, files that
 *   overlap, sizes that deflate cannot reach, and other compressions than deflate
 */
export async function zipTree(archive: string, matters: (path: string) => boolean = () => true): Promise<FileTree> {
  const entries = new Map<string, Entry>();
  const [skipped, unread]: [string[], string[]] = [[], []];
  await withZip(archive, async (zip) => {
    if (zip.entryCount > MAX_ENTRIES) {
      throw new InputError({ name: archive, expected: `at most ${MAX_ENTRIES} files`, got: zip.entryCount });
    }
    let packed = 0;
    for await (const entry of zip.eachEntry()) {
      const path = entryPath(entry);
      const parts = path.split('/');
      const hidden = parts.some((part) => (part.startsWith('.') && part !== '..') || part === '__MACOSX');
      if (path.endsWith('/') || hidden) continue;
      if (!matters(path)) {
        unread.push(...unreadPictures([path]));
        continue;
      }
      const problem = parts.includes('..')
        ? 'the name leads out of the archive'
        : entryProblem(entry, (packed += entry.compressedSize), zip.fileSize, entries.has(path));
      if (problem !== undefined) throw new InputError(`${archive}: ${path}: ${problem}`);
      if (((entry.externalFileAttributes >>> 16) & FILE_TYPE_MASK) === LINK)
        skipped.push(`${path}: a link is not followed`);
      else entries.set(path, entry);
    }
  });
  return {
    root: archive,
    paths: [...entries.keys()].sort(),
    skipped: [...skipped, ...unread].sort(),
    async read(path, maxBytes) {
      const entry = entries.get(path);
      if (entry === undefined) throw new InputError(`${archive}: ${path}: there is no such file`);
      if (entry.uncompressedSize > maxBytes) {
        throw new InputError({
          name: `${archive}: ${path}`,
          expected: `at most ${maxBytes} bytes`,
          got: entry.uncompressedSize,
        });
      }
      const bytes = await withZip(archive, (zip) => unpacked(zip, entry), path);
      if (crc32(bytes) !== entry.crc32) throw new InputError(`${archive}: ${path}: its checksum is wrong`);
      return bytes;
    },
    async part(path, start, end) {
      const entry = entries.get(path);
      if (entry === undefined) throw new InputError(`${archive}: ${path}: there is no such file`);
      return withZip(archive, async (zip) => streamPart(await zip.openReadStreamPromise(entry), start, end), path);
    },
    hasParts: false,
    async stamp(path) {
      const { uncompressedSize = 0, crc32: checksum = 0 } = entries.get(path) ?? {};
      return `${uncompressedSize} ${checksum}`;
    },
    size: async (path) => entries.get(path)?.uncompressedSize ?? 0,
  };
}

type Zip = Awaited<ReturnType<typeof openPromise>>;

/** The name of an entry, without what makes it absolute. */
function entryPath({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  const name = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
  return name.replace(/^([A-Za-z]:)?\/+/, '');
}

/** The content of an entry, in a buffer of its stated size. */
async function unpacked(zip: Zip, entry: Entry): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.uncompressedSize);
  let length = 0;
  for await (const part of await zip.openReadStreamPromise(entry)) {
    const chunk = part as Uint8Array;
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return bytes.subarray(0, length);
}

/** Runs `task` on the open archive. @throws InputError for what the reader does not understand */
async function withZip<T>(archive: string, task: (zip: Zip) => Promise<T>, path?: string): Promise<T> {
  let zip: Zip | undefined;
  try {
    zip = await openPromise(archive, { autoClose: false, decodeStrings: false });
    return await task(zip);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const name = path === undefined ? archive : `${archive}: ${path}`;
    const problem = { name, expected: 'a sound zip archive', got: `an error (${(error as Error).message})` };
    throw new InputError(problem, { cause: error });
  } finally {
    zip?.close();
  }
}

function entryProblem(entry: Entry, packedSoFar: number, archiveBytes: number, twice: boolean): string | undefined {
  const { compressedSize, uncompressedSize, compressionMethod } = entry;
  if (entry.isEncrypted()) return 'the file is encrypted; make an archive without a password';
  if (!entry.canDecodeFileData()) return `expected no compression or deflate; got method ${compressionMethod}`;
  if (uncompressedSize > compressedSize * MAX_RATIO)
    return `${compressedSize} bytes cannot hold the stated ${uncompressedSize}`;
  if (packedSoFar > archiveBytes) return 'the files are larger than the archive: they overlap';
  return twice ? 'there are two files of this name' : undefined;
}
