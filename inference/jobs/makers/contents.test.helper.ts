/** @file What a job has written. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Every file under a folder with its bytes. */
export async function contents(path: string): Promise<Record<string, Buffer>> {
  const names = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = names.map(async ({ name, parentPath }) => [name, await readFile(join(parentPath, name))] as const);
  return Object.fromEntries(await Promise.all(files));
}
