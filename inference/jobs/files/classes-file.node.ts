/** @file labels.npy beside the pictures of a conditional generator: the number of each one's class. */
import { writeAtomically } from '../../../onnx/files/disk/atomic-file.node.js';
import type { Generator } from '../../networks/generator.js';
import { npyHeader } from '../../numeric/npy.js';

export const CLASSES_FILE = 'labels.npy';

/** Rows that are held in memory. */
const ROWS = 1024;

/**
 * Writes the class numbers [N] of latents as int64.
 * @param latents gives at most `count` rows from row `start` on
 * @throws the signal's reason when it is aborted
 */
export async function saveClasses(
  path: string,
  count: number,
  latents: { rows(start: number, count: number): Float32Array },
  generator: Generator,
  signal?: AbortSignal,
): Promise<void> {
  await writeAtomically(path, async (handle) => {
    await handle.writeFile(npyHeader('<i8', [count]));
    for (let start = 0; start < count; start += ROWS) {
      signal?.throwIfAborted();
      const numbers = generator.labelsOf(latents.rows(start, Math.min(ROWS, count - start))) ?? [];
      await handle.writeFile(new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer));
    }
  });
}
