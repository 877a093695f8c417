/** @file Scores in the order of their pictures, kept as they come, so that an interrupted ranking goes on. */
import { constants, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeFolder } from '../../../onnx/files/disk/folder.node.js';
import { writeAt } from '../../../onnx/files/disk/atomic-file.node.js';

/** Its name in a job's folder; it is removed once the ranking is complete. */
export const SCORES_FILE = 'scores.part';

/** Batches of scores on disk, each with a checksum: what was not completely written is dropped. */
export class ScoresFile {
  readonly #handle: FileHandle;
  /** Scores that were kept before. */
  readonly done: number;
  /** Bytes that are written. */
  #end: number;

  private constructor(handle: FileHandle, done: number, end: number) {
    this.#handle = handle;
    this.done = done;
    this.#end = end;
  }

  /**
   * Opens the file, or makes it.
   * @param batch scores of a batch; the last of all may have fewer
   * @param count of all scores
   * @param kept told of the scores that are there, in order
   */
  static async open(
    path: string,
    batch: number,
    count: number,
    kept: (scores: Float32Array) => void,
  ): Promise<ScoresFile> {
    await makeFolder(dirname(path));
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT);
    let [done, end] = [0, 0];
    try {
      while (done < count) {
        const size = 4 * Math.min(batch, count - done);
        const record = Buffer.alloc(size + 4);
        const { bytesRead } = await handle.read(record, 0, record.length, end);
        const data = record.subarray(0, size);
        if (bytesRead < record.length || crc32(data) !== record.readUInt32LE(size)) break;
        kept(Float32Array.from({ length: size / 4 }, (_, i) => data.readFloatLE(4 * i)));
        end += record.length;
        done += size / 4;
      }
      await handle.truncate(end);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new ScoresFile(handle, done, end);
  }

  /** Adds a batch. */
  async add(scores: Float32Array): Promise<void> {
    const record = Buffer.alloc(4 * scores.length + 4);
    scores.forEach((score, i) => record.writeFloatLE(score, 4 * i));
    record.writeUInt32LE(crc32(record.subarray(0, -4)), 4 * scores.length);
    await writeAt(this.#handle, record, this.#end);
    this.#end += record.length;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
