/** @file Rows of numbers in the files of a run that another process may be writing: they are only read. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { isRecord } from '../../inference/parse/json.js';
import { ThinnedRows } from '../record/thinned-rows.js';

/** The numbers of a row, by name; a number that is none, such as the loss of a run that diverged, is missing. */
export type NumberRow = Readonly<Record<string, number>>;

/** Bytes at the end of a file that hold its last line. */
const TAIL_BYTES = 2 ** 16;

const isFile = async (path: string) => (await stat(path).catch(() => undefined))?.isFile() === true;

/** The last complete row of a file; undefined where there is none. */
export async function lastRow(path: string): Promise<NumberRow | undefined> {
  if (!(await isFile(path))) return undefined;
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), { position: start });
    return buffer.toString('utf8', 0, bytesRead).split('\n').slice(0, -1).flatMap(numbersOf).at(-1);
  } finally {
    await file.close();
  }
}

/** The rows of a file in their order; of many thousands only some, the last ones among them. */
export async function readRows(path: string): Promise<readonly NumberRow[]> {
  const rows = new ThinnedRows<NumberRow>();
  if (!(await isFile(path))) return [];
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  for await (const line of lines) for (const row of numbersOf(line)) rows.add(row);
  return rows.rows;
}

/** The numbers of a line that is a JSON object with a step. */
function numbersOf(line: string): NumberRow[] {
  try {
    const row: unknown = JSON.parse(line);
    if (!isRecord(row) || typeof row['step'] !== 'number') return [];
    return [Object.fromEntries(Object.entries(row).filter(([, value]) => typeof value === 'number')) as NumberRow];
  } catch {
    return [];
  }
}
