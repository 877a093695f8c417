/** @file The folder that cache files live in, and how it stays below its bound. */
import { readdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const EXTENSION = '.pictures';
const TEMPORARY = /^\..+\.pictures\.[0-9a-f]+\.tmp$/;
/** A file that was not completed for this long is taken for that of a process that was killed. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Where cache files are kept unless the user says otherwise. */
export function defaultCacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ganscope');
}

/** The path of the cache file with this fingerprint. */
export function cacheFilePath(folder: string, fingerprint: string): string {
  return join(folder, `${fingerprint.slice(0, 32)}${EXTENSION}`);
}

/** Beside `path`, while it is written. */
export function temporaryName(path: string, random: string): string {
  return join(dirname(path), `.${basename(path)}.${random}.tmp`);
}

/** Deletes the cache files that were used least recently until `bytes` more stay within `maxBytes`, and abandoned ones. */
export async function roomMade(folder: string, bytes: number, maxBytes: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(EXTENSION) || TEMPORARY.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined);
      return { path: join(folder, name), size: info?.size ?? 0, used: info?.mtimeMs ?? 0 };
    }),
  );
  const abandoned = ({ path, used }: { path: string; used: number }) =>
    path.endsWith('.tmp') && Date.now() - used > ABANDONED_MS;
  let total = found.reduce((sum, { size }) => sum + size, 0);
  for (const file of found.toSorted((a, b) => a.used - b.used)) {
    const tooMuch = total + bytes > maxBytes && !file.path.endsWith('.tmp');
    if (!tooMuch && !abandoned(file)) continue;
    // Another process may hold or have deleted it.
    await rm(file.path, { force: true }).catch(() => undefined);
    total -= file.size;
  }
}
