/** @file The folder that cache files live in, and how it stays below its bound. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftover } from '../../../onnx/files/disk/temporary.node.js';

const EXTENSION = '.pictures';

/** The path of the cache file with this fingerprint. */
export function cacheFilePath(folder: string, fingerprint: string): string {
  return join(folder, `${fingerprint.slice(0, 32)}${EXTENSION}`);
}

/** Deletes the cache files that were used least recently until `bytes` more stay within `maxBytes`, and abandoned ones. */
export async function roomMade(folder: string, bytes: number, maxBytes: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(EXTENSION) || name.endsWith('.tmp'));
  const found = await Promise.all(
    names.map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined);
      const finished = name.endsWith(EXTENSION);
      return { name, finished, size: info?.size ?? 0, used: info?.mtimeMs ?? 0 };
    }),
  );
  let total = found.reduce((sum, { size }) => sum + size, 0);
  const order = found.toSorted((a, b) => Number(a.finished) - Number(b.finished) || a.used - b.used);
  for (const { name, finished, size } of order) {
    if (finished ? total + bytes <= maxBytes : !(await isLeftover(join(folder, name)))) continue;
    // Another process may hold or have deleted it.
    await rm(join(folder, name), { force: true }).catch(() => undefined);
    total -= size;
  }
}
