/** @file Compares what commands have written: the same files with the same bytes. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** SHA-256 of each file below a folder, by its path there. */
export async function digestsBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const digests = files.toSorted().map(async (path) => {
    const digest = createHash('sha256').update(await readFile(path));
    return [path.slice(folder.length), digest.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(digests));
}
