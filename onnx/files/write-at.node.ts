/** @file Writes at a position of a file. */
import type { FileHandle } from 'node:fs/promises';

/** Writes all the bytes at a position. Node's own `write` may write only the first of them without an error, such as on a full disk. */
export async function writeAt(file: Pick<FileHandle, 'write'>, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
