/** @file Runs on disk as gan-studio shows them: read only, and nothing outside their folders. */
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** A run, for the page. */
export interface RunInfo {
  name: string;
  /** Whether its metrics grew within the last minute. */
  live: boolean;
  /** Whether its networks are exported. */
  exported: boolean;
  /** File of the newest samples. */
  samples?: string;
}

/** Lines of metrics.jsonl. */
export interface StepLines {
  rows: Record<string, number>[];
  /** Where the next lines begin, in bytes. */
  offset: number;
  /** Whether there are more already. */
  more: boolean;
}

const LIVE_MS = 60_000;
const CHUNK_BYTES = 1024 * 1024;

/** The folders of runs: each folder of `root` with a config.json; links, such as `latest`, are left out. Newest first. */
export async function runFolders(root: string): Promise<Map<string, string>> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const found: { name: string; folder: string; time: number }[] = [];
  for (const entry of entries) {
    const folder = join(root, entry.name);
    const config = entry.isDirectory() ? await modified(join(folder, 'config.json')) : undefined;
    if (config !== undefined) {
      found.push({ name: entry.name, folder, time: (await modified(join(folder, 'metrics.jsonl'))) ?? config });
    }
  }
  return new Map(found.toSorted((a, b) => b.time - a.time).map(({ name, folder }) => [name, folder]));
}

/** What the page is told of a run. */
export async function runInfo(name: string, folder: string): Promise<RunInfo> {
  const metrics = await modified(join(folder, 'metrics.jsonl'));
  const exported = await Promise.all(
    ['generator', 'discriminator'].map((role) => modified(join(folder, 'onnx', `${role}.onnx`))),
  );
  const pictures = (await readdir(join(folder, 'samples')).catch(() => [])).filter((file) => file.endsWith('.png'));
  const samples = pictures.toSorted().at(-1);
  return {
    name,
    live: metrics !== undefined && Date.now() - metrics < LIVE_MS,
    exported: exported.every((time) => time !== undefined),
    ...(samples !== undefined && { samples }),
  };
}

/**
 * The lines of a run's metrics from a byte on, at most a mebibyte of them; a last line that is still being written is left for
 * the next time. From the start again where the file has become shorter.
 */
export async function stepLines(folder: string, offset: number): Promise<StepLines> {
  const file = await open(join(folder, 'metrics.jsonl')).catch(() => undefined);
  if (!file) return { rows: [], offset: 0, more: false };
  try {
    const { size } = await file.stat();
    const start = offset > size ? 0 : offset;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(CHUNK_BYTES, size - start)), {
      position: start,
    });
    const end = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
    const rows = buffer
      .toString('utf8', 0, end)
      .split('\n')
      .flatMap((line) => parsedRow(line));
    return { rows, offset: start + end, more: end > 0 && start + end < size };
  } finally {
    await file.close();
  }
}

function parsedRow(line: string): Record<string, number>[] {
  try {
    const row: unknown = JSON.parse(line);
    return typeof row === 'object' && row !== null ? [row as Record<string, number>] : [];
  } catch {
    return [];
  }
}

/** The real path of a file below a folder; undefined where there is none, or links lead elsewhere. */
export async function fileInside(folder: string, parts: readonly string[]): Promise<string | undefined> {
  const unsafe = parts.some((part) => part === '' || part === '.' || part === '..' || /[/\\\0]/.test(part));
  if (unsafe) return undefined;
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, ...parts))]);
    return path.startsWith(root + sep) && (await stat(path)).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

async function modified(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
