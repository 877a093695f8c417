/** @file Names of temporary files. They contain the process id, so that leftovers of killed processes are found. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

const TEMPORARY = /^\..*\.([0-9a-f]{8})-(\d{1,10})-([0-9a-f]{12})\.tmp$/s;
/** Most bytes of a file name on the usual file systems. */
const MAX_NAME_BYTES = 255;
/** A file of another machine or container, or of an earlier start, is a leftover if it has not changed for this long. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Temporary files that this process is writing. */
const inUse = new Set<string>();
/**
 * Where the number of a process means anything: containers may share the name of their machine but not its processes, and
 * machines may share a name. Linux's names for its start and for the processes that this one sees; nothing elsewhere.
 */
export const processSpace = [
  textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  textOf(() => readlinkSync('/proc/self/ns/pid')),
].join('/');
const host = createHash('sha256').update(`${hostname()}${processSpace}`).digest('hex').slice(0, 8);

/** A new hidden name in the folder of `path`. Call `forgetTemporary` when the file is renamed or removed. */
export function temporaryBeside(path: string): string {
  const random = randomBytes(6).toString('hex');
  const end = `.${host}-${process.pid}-${random}.tmp`;
  const room = MAX_NAME_BYTES - 1 - end.length;
  // A name that is cut inside a character ends with a replacement character of up to three bytes.
  const bytes = Buffer.from(basename(path));
  const name = bytes.length <= room ? basename(path) : bytes.subarray(0, room - 3).toString();
  inUse.add(random);
  return join(dirname(path), `.${name}${end}`);
}

/** Whether a file or folder has the name of a temporary one, whoever wrote it. */
export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** Says that a temporary file is not being written any more. */
export function forgetTemporary(temporary: string): void {
  inUse.delete(TEMPORARY.exec(basename(temporary))?.[3] ?? '');
}

/** Whether a file or folder is the leftover of a process that was killed while writing it. */
export async function isLeftover(path: string): Promise<boolean> {
  const [, writer, pid, random = ''] = TEMPORARY.exec(basename(path)) ?? [];
  if (writer === undefined) return false;
  if (writer !== host) {
    const info = await stat(path).catch(() => undefined);
    return info !== undefined && Date.now() - info.mtimeMs > ABANDONED_MS;
  }
  return Number(pid) === process.pid ? !inUse.has(random) : !isRunning(Number(pid));
}

/** Removes what killed processes left of one file, which the caller writes: nobody owns the folder around a single file. */
export function removeLeftoversOf(path: string): Promise<void> {
  return removeLeftovers(dirname(path), `.${basename(path)}.`);
}

/**
 * Removes the leftovers in a folder, if there is one. Call it only for folders that the caller writes to.
 * @param start of the names that are removed; all leftovers by default
 */
export async function removeLeftovers(folder: string, start = ''): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    if (!name.startsWith(start)) continue;
    const path = join(folder, name);
    // Another process may remove it at the same time.
    if (await isLeftover(path)) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** What the system tells; nothing where it does not. */
function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** Whether there is a process of this number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
