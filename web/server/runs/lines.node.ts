/** @file Lines of a run's metrics.jsonl and quality.jsonl, in parts: a page that follows a run asks for what is new. */
import { isRecord } from '../../../inference/parse/json.js';
import { openInside } from '../files/files.node.js';

/** Rows of numbers by step. */
export interface StepLines {
  /** The numbers of each line. */
  rows: Record<string, number>[];
  /** Where the next lines begin, in bytes. */
  offset: number;
  /** Whether there are more already. */
  more: boolean;
}

/** The most that is read at a time; longer lines are skipped. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * The lines of a file of a run from a byte on, at most a mebibyte at a time. A last line that is still being written is
 * left for the next time; a line of more than a mebibyte is skipped. Starts again where the file has become shorter.
 */
export async function stepLines(folder: string, name: string, offset: number): Promise<StepLines> {
  const file = await openInside(folder, [name]);
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

/** Bytes at the end of metrics.jsonl that hold its last line. */
const TAIL_BYTES = 4096;

/** The step of the last complete line of a run's metrics; undefined where there is none. */
export async function lastStep(folder: string): Promise<number | undefined> {
  const file = await openInside(folder, ['metrics.jsonl']);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), { position: start });
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n').slice(0, -1);
    return lines.flatMap(parsedRow).at(-1)?.['step'];
  } finally {
    await file.close();
  }
}

/** The numbers of a line that is a JSON object with a step. */
function parsedRow(line: string): Record<string, number>[] {
  try {
    const row: unknown = JSON.parse(line);
    if (!isRecord(row)) return [];
    const numbers = Object.entries(row).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    const parsed = Object.fromEntries(numbers);
    return parsed['step'] === undefined ? [] : [parsed];
  } catch {
    return [];
  }
}
