/** @file Runs on disk as gan-studio shows them: read only, and nothing outside their folders. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileInside, namesInside, openInside } from './files.node.js';

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
  /** The numbers of each line. */
  rows: Record<string, number>[];
  /** Where the next lines begin, in bytes. */
  offset: number;
  /** Whether there are more already. */
  more: boolean;
}

const LIVE_MS = 60_000;
/** The most that is read at a time; longer lines are skipped. */
const CHUNK_BYTES = 1024 * 1024;

/** The folders of runs: each folder of `root` with a config.json, the newest first. Links, such as `latest`, are left out. */
export async function runFolders(root: string): Promise<Map<string, string>> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const found: { name: string; folder: string; time: number }[] = [];
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const folder = join(root, entry.name);
    const config = await fileInside(folder, ['config.json']);
    if (config === undefined) continue;
    const metrics = await fileInside(folder, ['metrics.jsonl']);
    found.push({ name: entry.name, folder, time: (metrics ?? config).time });
  }
  return new Map(found.toSorted((a, b) => b.time - a.time).map(({ name, folder }) => [name, folder]));
}

/** What the page needs to know of a run. */
export async function runInfo(name: string, folder: string): Promise<RunInfo> {
  const metrics = await fileInside(folder, ['metrics.jsonl']);
  const networks = await Promise.all(
    ['generator', 'discriminator'].map((role) => fileInside(folder, ['onnx', `${role}.onnx`])),
  );
  const pictures = (await namesInside(folder, ['samples'])).filter((file) => file.endsWith('.png'));
  const samples = pictures.toSorted().at(-1);
  return {
    name,
    live: metrics !== undefined && Date.now() - metrics.time < LIVE_MS,
    exported: networks.every((file) => file !== undefined),
    ...(samples !== undefined && { samples }),
  };
}

/**
 * The lines of a run's metrics from a byte on, at most a mebibyte at a time. A last line that is still being written is
 * left for the next time; a line of more than a mebibyte is skipped. Starts again where the file has become shorter.
 */
export async function stepLines(folder: string, offset: number): Promise<StepLines> {
  const file = await openInside(folder, ['metrics.jsonl']);
  if (!file) return { rows: [], offset: 0, more: false };
  try {
    const { size } = await file.stat();
    const start = offset > size ? 0 : offset;
    const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, size - start));
    const { bytesRead } = await file.read(buffer, { position: start });
    const lineEnd = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
    // No line ends here: this part of a long line is skipped, and so is its rest, which is not JSON.
    const end = lineEnd === 0 && bytesRead === CHUNK_BYTES ? bytesRead : lineEnd;
    const rows = buffer.toString('utf8', 0, lineEnd).split('\n').flatMap(parsedRow);
    return { rows, offset: start + end, more: end > 0 && start + end < size };
  } finally {
    await file.close();
  }
}

/** The numbers of a line that is a JSON object with a step. */
function parsedRow(line: string): Record<string, number>[] {
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row !== 'object' || row === null) return [];
    const numbers = Object.entries(row).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    const parsed = Object.fromEntries(numbers);
    return parsed['step'] === undefined ? [] : [parsed];
  } catch {
    return [];
  }
}
