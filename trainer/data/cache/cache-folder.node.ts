/** @file The folder that cache files live in, and how it stays below its bound. */
import { readdir, rm, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { homedir, hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

const EXTENSION = '.pictures';
const TEMPORARY = /^\..+\.pictures\.(.+)-(\d+)-[0-9a-f]+\.tmp$/;
/** A file of another machine that was not completed for this long is taken for that of a process that was killed. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Where cache files are kept unless the user says otherwise. */
export function defaultCacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ganscope');
}

/** The path of the cache file with this fingerprint. */
export function cacheFilePath(folder: string, fingerprint: string): string {
  return join(folder, `${fingerprint.slice(0, 32)}${EXTENSION}`);
}

/** Beside `path`, while it is written; says by which process. */
export function temporaryName(path: string): string {
  const writer = `${hostname()}-${process.pid}-${randomBytes(6).toString('hex')}`;
  return join(dirname(path), `.${basename(path)}.${writer}.tmp`);
}

/** Deletes the cache files that were used least recently until `bytes` more stay within `maxBytes`, and abandoned ones. */
export async function roomMade(folder: string, bytes: number, maxBytes: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(EXTENSION) || TEMPORARY.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined);
      const finished = name.endsWith(EXTENSION);
      return { name, finished, size: info?.size ?? 0, used: info?.mtimeMs ?? 0 };
    }),
  );
  let total = found.reduce((sum, { size }) => sum + size, 0);
  const order = found.toSorted((a, b) => Number(a.finished) - Number(b.finished) || a.used - b.used);
  for (const { name, finished, size, used } of order) {
    if (finished ? total + bytes <= maxBytes : !isAbandoned(name, used)) continue;
    // Another process may hold or have deleted it.
    await rm(join(folder, name), { force: true }).catch(() => undefined);
    total -= size;
  }
}

/** Whether nobody writes to a temporary file any more. */
function isAbandoned(name: string, used: number): boolean {
  const [, host, pid] = TEMPORARY.exec(name) ?? [];
  if (host !== hostname()) return Date.now() - used > ABANDONED_MS;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
