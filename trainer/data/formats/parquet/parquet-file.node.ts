/** @file Columns of a Parquet file of a folder or archive, a group of rows at a time. */
import * as zlib from 'node:zlib';
import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type Compressors,
  type FileMetaData,
} from 'hyparquet';
import type { FileTree } from '../../../../inference/files/tree.js';
import { InputError } from '../../../../onnx/errors.js';

/** The largest file in an archive, and the most bytes of a group of rows. */
const MAX_BYTES = 2 ** 31 - 1;

/** Node has it from 22.15 on. */
const { zstdDecompressSync } = zlib as {
  zstdDecompressSync?: (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
};

/** Codecs beside snappy, which the library has. */
const compressors: Compressors = {
  GZIP: (input, length) => zlib.gunzipSync(input, { maxOutputLength: length }),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: length }),
  ...(zstdDecompressSync && { ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: length }) }),
};

/** A column by what it holds: pictures as files, whole numbers, or texts. */
export interface ParquetColumn {
  name: string;
  kind: 'file' | 'integer' | 'text' | 'other';
}

/** Rows that are stored together. */
interface RowGroup {
  start: number;
  end: number;
  bytes: number;
}

/** An open Parquet file. */
export class ParquetFile {
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly RowGroup[];

  private constructor(
    readonly path: string,
    private readonly metadata: FileMetaData,
    private readonly file: { byteLength: number; slice(start: number, end?: number): Promise<ArrayBuffer> },
  ) {
    this.columns = parquetSchema(metadata).children.map(({ element, children }) => {
      const isFile = children.some(({ element: { name, type } }) => name === 'bytes' && type === 'BYTE_ARRAY');
      const isText = element.logical_type?.type === 'STRING' || element.converted_type === 'UTF8';
      const isInteger = element.type === 'INT32' || element.type === 'INT64';
      const isBytes = element.type === 'BYTE_ARRAY' && !isText;
      const kind = isFile || isBytes ? 'file' : isInteger ? 'integer' : isText ? 'text' : 'other';
      return { name: element.name, kind };
    });
    let start = 0;
    this.groups = metadata.row_groups.map(({ num_rows: rows, columns }) => {
      const sizes = columns.map(({ meta_data: data }) => Number(data?.total_uncompressed_size ?? 0));
      const group = { start, end: start + Number(rows), bytes: sizes.reduce((sum, size) => sum + size, 0) };
      start = group.end;
      return group;
    });
    this.rows = start;
  }

  /** @throws InputError if it is no Parquet file, or states sizes that are not read */
  static async open(tree: FileTree, path: string): Promise<ParquetFile> {
    const byteLength = await tree.size(path);
    // An archive is unpacked once, a file on disk is read part by part.
    const whole = tree.hasParts ? undefined : await tree.read(path, MAX_BYTES);
    const slice = async (start: number, end = byteLength) => {
      const bytes = whole?.subarray(start, end) ?? (await tree.part(path, start, end));
      return new Uint8Array(bytes).buffer;
    };
    const file = { byteLength, slice };
    const opened = await reading(path, async () => new ParquetFile(path, await parquetMetadataAsync(file), file));
    const { groups } = opened;
    const odd = groups.find(({ start, end, bytes }) => !(end >= start) || !(bytes >= 0 && bytes <= MAX_BYTES));
    if (odd)
      throw new InputError({ name: path, expected: `groups of rows of at most ${MAX_BYTES} bytes`, got: odd.bytes });
    return opened;
  }

  /** The text that a key of the file's metadata has. */
  text(key: string): string | undefined {
    return this.metadata.key_value_metadata?.find((each) => each.key === key)?.value;
  }

  /** One column of some rows. @throws InputError if they cannot be read */
  async values(column: string, start: number, end: number): Promise<unknown[]> {
    const { file, metadata } = this;
    const options = { file, metadata, columns: [column], rowStart: start, rowEnd: end, utf8: false, compressors };
    const rows = await reading(this.path, () => parquetReadObjects(options));
    if (rows.length === end - start) return rows.map((row) => row[column] as unknown);
    throw new InputError({ name: this.path, expected: `rows ${start} to ${end - 1}`, got: `${rows.length} of them` });
  }
}

/** @throws InputError for what the library does not understand */
async function reading<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const got = `an error (${(error as Error).message})`;
    throw new InputError({ name: path, expected: 'a sound Parquet file', got }, { cause: error });
  }
}
