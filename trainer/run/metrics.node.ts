/** @file Files of one JSON object per line, such as metrics.jsonl: appended while training, cut back when a run resumes. */
import { appendFile, readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../onnx/files/files.node.js';

/** A file of rows in the order of their steps, of which the last ones may still wait in memory. */
export class JsonLines<Row extends { step: number }> {
  readonly #path: string;
  readonly #rows: Row[];
  #written: number;

  private constructor(path: string, rows: Row[]) {
    this.#path = path;
    this.#rows = rows;
    this.#written = rows.length;
  }

  /**
   * The rows of a run that goes on after step `done`. Later ones, which will be computed again, are dropped, and so is a
   * last line that was cut off.
   */
  static async open<Row extends { step: number }>(path: string, done: number): Promise<JsonLines<Row>> {
    const text = await readFile(path, 'utf8').catch(() => '');
    const rows = text
      .split('\n')
      .flatMap((line) => parsedRow<Row>(line))
      .filter(({ step }) => step <= done);
    const kept = lines(rows);
    if (kept !== text) await writeFileAtomic(path, kept);
    return new JsonLines(path, rows);
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** How many rows wait to be written. */
  get waiting(): number {
    return this.#rows.length - this.#written;
  }

  add(row: Row): void {
    this.#rows.push(row);
  }

  /** Appends what waits to the file. */
  async flush(): Promise<void> {
    const waiting = this.#rows.slice(this.#written);
    if (waiting.length === 0) return;
    await appendFile(this.#path, lines(waiting));
    this.#written += waiting.length;
  }
}

const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

function parsedRow<Row>(line: string): Row[] {
  try {
    return [JSON.parse(line) as Row];
  } catch {
    return [];
  }
}
