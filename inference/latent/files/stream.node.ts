/** @file A .npy file of latents that a job writes row by row, in any order. */
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { npyHeader } from '../../numeric/npy.js';
import { makeFolder } from '../../../onnx/files/disk/folder.node.js';
import { writeAt } from '../../../onnx/files/disk/atomic-file.node.js';

/** Latents [N, Z] of float32 on disk; until they are complete the name ends with `.part`. */
export class LatentsFile {
  private constructor(
    readonly path: string,
    readonly handle: FileHandle,
    readonly header: number,
    readonly latentDim: number,
  ) {}

  /**
   * @param count N
   * @param done rows that an interrupted job has written, which are kept; 0 starts afresh
   * @throws InputError if the file to go on with is missing or has another size
   */
  static async open(path: string, count: number, latentDim: number, done = 0): Promise<LatentsFile> {
    const header = npyHeader('<f4', [count, latentDim]);
    const bytes = header.length + 4 * count * latentDim;
    const part = partOf(path);
    await makeFolder(dirname(path));
    // A job whose latents were complete goes on with the complete file.
    if (done > 0 && (await sizeOf(part)) === undefined && (await sizeOf(path)) === bytes) await rename(path, part);
    const size = done > 0 ? await sizeOf(part) : bytes;
    if (size !== bytes) {
      throw new InputError({
        name: path,
        expected: `${bytes} bytes, the latents of the job to go on with`,
        got: size ?? 'no file',
      });
    }
    const handle = await open(part, done > 0 ? 'r+' : 'w+');
    try {
      await writeAt(handle, header, 0);
      await handle.truncate(bytes);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new LatentsFile(path, handle, header.length, latentDim);
  }

  /** Writes the rows from `start` on. */
  async write(start: number, latents: Float32Array): Promise<void> {
    const bytes = new Uint8Array(latents.buffer, latents.byteOffset, latents.byteLength);
    await writeAt(this.handle, bytes, this.header + 4 * start * this.latentDim);
  }

  /** Syncs what was written to disk. */
  sync(): Promise<void> {
    return this.handle.sync();
  }

  /** Closes the file, which can be gone on with. */
  close(): Promise<void> {
    return this.handle.close();
  }

  /** Closes the complete file and gives it its name. */
  async complete(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    await rename(partOf(this.path), this.path);
  }
}

const partOf = (path: string) => `${path}.part`;

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
