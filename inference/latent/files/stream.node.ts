/** @file Many latents as a .npy file, some rows at a time. */
import { writeAtomically } from '../../../onnx/files/disk/atomic-file.node.js';
import { npyHeader } from '../../numeric/npy.js';

/** Rows that are held in memory. */
const ROWS = 1024;

/**
 * Writes latents [N, Z] of float32; an existing file is replaced once all are there.
 * @param latents gives at most `count` rows from row `start` on
 * @throws the signal's reason when it is aborted
 */
export async function saveLatentRows(
  path: string,
  count: number,
  latentDim: number,
  latents: { rows(start: number, count: number): Float32Array },
  signal?: AbortSignal,
): Promise<void> {
  await writeAtomically(path, async (handle) => {
    await handle.writeFile(npyHeader('<f4', [count, latentDim]));
    for (let start = 0; start < count; start += ROWS) {
      signal?.throwIfAborted();
      const rows = latents.rows(start, Math.min(ROWS, count - start));
      await handle.writeFile(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
    }
  });
}
