/** @file A .npy file of latents that is written row by row, in any order, as a job goes on. */
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { npyHeader } from '../../numeric/npy.js';

/** Latents [N, Z] of float32 on disk; rows that have not been written are zero. */
export class LatentsFile {
  private constructor(
    readonly handle: FileHandle,
    readonly header: number,
    readonly latentDim: number,
  ) {}

  /**
   * @param count N
   * @param done rows that an interrupted job has written, which are kept; 0 starts afresh
   * @throws InputError if the file to go on with has another size
   */
  static async open(path: string, count: number, latentDim: number, done = 0): Promise<LatentsFile> {
    const header = npyHeader('<f4', [count, latentDim]);
    const bytes = header.length + 4 * count * latentDim;
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, done > 0 ? 'a+' : 'w').then(async (opened) => {
      await opened.close();
      return open(path, 'r+');
    });
    const { size } = await handle.stat();
    if (done > 0 && size !== bytes) {
      await handle.close();
      throw new InputError({ name: path, expected: `${bytes} bytes, the latents of the job to go on with`, got: size });
    }
    await handle.write(header, 0, header.length, 0);
    await handle.truncate(bytes);
    return new LatentsFile(handle, header.length, latentDim);
  }

  /** Writes the rows from `start` on. */
  async write(start: number, latents: Float32Array): Promise<void> {
    const bytes = new Uint8Array(latents.buffer, latents.byteOffset, latents.byteLength);
    await this.handle.write(bytes, 0, bytes.length, this.header + 4 * start * this.latentDim);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
