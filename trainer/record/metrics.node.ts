/** @file Files of one JSON object per line, such as metrics.jsonl: appended while training, cut back when a run resumes. */
import { appendFile, open } from 'node:fs/promises';
import { isRecord } from '../../inference/parse/json.js';
import { InputError } from '../../onnx/index.js';
import { ThinnedRows } from './thinned-rows.js';

const CHUNK_BYTES = 2 ** 20;
const MAX_LINE_BYTES = 2 ** 16;

/** What is wrong with a row that was read, if anything. */
export type RowCheck = (row: Readonly<Record<string, unknown>>) => string | undefined;

/** A file of rows in the order of their steps, of which the last ones may still wait in memory. */
export class JsonLines<Row extends { step: number }> {
  readonly #path: string;
  readonly #rows: ThinnedRows<Row>;
  #waiting: Row[] = [];

  private constructor(path: string, rows: ThinnedRows<Row>) {
    this.#path = path;
    this.#rows = rows;
  }

  /**
   * The rows of a run that is resumed after step `done`. Later ones, which will be computed again, are dropped, and so is a
   * last line that was cut off. The file is read in parts, and of many rows only some are kept in memory.
   * @throws InputError if the file cannot be read, or a line up to step `done` holds something else than a row
   */
  static async open<Row extends { step: number }>(
    path: string,
    done: number,
    check: RowCheck,
  ): Promise<JsonLines<Row>> {
    const rows = new ThinnedRows<Row>();
    const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new InputError(`${path}: cannot be opened (${error.code})`, { cause: error });
    });
    if (!file) return new JsonLines(path, rows);
    try {
      const info = await file.stat();
      if (!info.isFile()) throw new InputError({ name: path, expected: 'a file', got: 'a folder or device' });
      let [end, number] = [0, 0];
      for await (const line of linesOf(file, path)) {
        number++;
        const row = checkedRow<Row>(line.toString(), check, `${path}, line ${number}`);
        if (row.step > done) break;
        rows.add(row);
        end += line.length + 1;
      }
      if (end < info.size) await file.truncate(end);
    } finally {
      await file.close();
    }
    return new JsonLines(path, rows);
  }

  /** The rows; of many thousands only some, the last ones among them. */
  get rows(): readonly Row[] {
    return this.#rows.rows;
  }

  /** The last rows, at most `count`. */
  last(count: number): readonly Row[] {
    return this.#rows.last(count);
  }

  /** How many rows wait to be written. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(row: Row): void {
    this.#rows.add(row);
    this.#waiting.push(row);
  }

  /** Appends what waits to the file. */
  async flush(): Promise<void> {
    const rows = this.#waiting;
    if (rows.length === 0) return;
    await appendFile(this.#path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    this.#waiting = this.#waiting.slice(rows.length);
  }
}

type File = Awaited<ReturnType<typeof open>>;

/** The complete lines of a file, without their ends. */
async function* linesOf(file: File, path: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (let position = 0; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const text = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield text.subarray(start, end);
      start = end + 1;
    }
    rest = text.subarray(start);
    if (rest.length > MAX_LINE_BYTES) {
      throw new InputError({ name: path, expected: `lines of at most ${MAX_LINE_BYTES} bytes`, got: 'a longer one' });
    }
  }
}

/** @throws InputError if a line is no row */
function checkedRow<Row>(line: string, check: RowCheck, name: string): Row {
  const row = parsed(line);
  const problem = isRecord(row) ? check(row) : 'a JSON object';
  if (problem !== undefined) throw new InputError({ name, expected: problem, got: line.slice(0, 80) || 'nothing' });
  return row as Row;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * A check of rows: `step` is a whole number of at least `firstStep`, others are numbers.
 * @param optional may be missing, or null, which JSON has in place of NaN
 */
export function rowCheck(
  firstStep: number,
  required: readonly string[],
  optional: readonly string[],
  texts: readonly string[] = [],
): RowCheck {
  return (row) => {
    const step = row['step'];
    if (!Number.isSafeInteger(step) || (step as number) < firstStep) return 'a whole number as step';
    const odd =
      required.find((name) => typeof row[name] !== 'number') ??
      optional.find((name) => typeof (row[name] ?? 0) !== 'number');
    if (odd !== undefined) return `a number as ${odd}`;
    const missing = texts.find((name) => typeof row[name] !== 'string');
    return missing === undefined ? undefined : `a text as ${missing}`;
  };
}
