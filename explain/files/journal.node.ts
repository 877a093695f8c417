/** @file The journal of a job: what is done, one JSON object per line, so that an interrupted job can be resumed. */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { digestOf, expectSameJob } from '../../inference/files/same-job.node.js';
import { oneLine } from '../../inference/parse/json.js';
import { InputError } from '../../onnx/errors.js';
import { writeAtomically } from '../../onnx/files/disk/atomic-file.node.js';

/** The journal's name in the job's folder. */
export const JOURNAL_FILE = 'results.jsonl';

/** Characters of a value in the journal's first line. */
const MAX_VALUE = 200;

/** The identity of a job; two jobs with the same identity make the same files. */
export type Job = Readonly<Record<string, unknown>>;

/** A line of a journal. */
export interface JournalEntry {
  /** How many pictures are done once this line is written. */
  done: number;
}

/** The job's options: long values, such as those of masks, as their digests. */
export function shortened(options: object): Job {
  const short = (value: unknown) => {
    const text = JSON.stringify(value) ?? '';
    return text.length > MAX_VALUE ? digestOf(text) : value;
  };
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, short(value)]));
}

/** The journal of the job in a folder. */
export class Journal<Entry extends JournalEntry> {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Starts the journal of a job.
   * @param kept how many pictures of the same job stay done; other lines are dropped
   */
  static async open<Entry extends JournalEntry>(folder: string, job: Job, kept = 0): Promise<Journal<Entry>> {
    const path = join(folder, JOURNAL_FILE);
    await writeAtomically(path, async (file) => {
      await file.appendFile(`${oneLine({ job })}\n`);
      if (kept === 0) return;
      for await (const entry of entriesOf<Entry>(path)) {
        if (entry.done <= kept) await file.appendFile(`${oneLine(entry)}\n`);
      }
    });
    return new Journal(path, await open(path, 'a'));
  }

  /** Adds a line. */
  async append(entry: Entry): Promise<void> {
    await this.#file.appendFile(`${oneLine(entry)}\n`);
  }

  /** All lines until now. */
  entries(): AsyncGenerator<Entry> {
    return entriesOf<Entry>(this.#path);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * The lines of the folder's journal; none where there is none.
 * @throws InputError if the folder's job is another one
 */
export async function* entriesOfJob<Entry extends JournalEntry>(folder: string, job: Job): AsyncGenerator<Entry> {
  const path = join(folder, JOURNAL_FILE);
  const [first] = await headOf(path);
  if (first === undefined) return;
  const { job: before = {} } = parsed<{ job?: Job }>(first, path);
  expectSameJob(path, before, job);
  yield* entriesOf<Entry>(path);
}

/** The lines after the first. The last line may be incomplete. */
async function* entriesOf<Entry>(path: string): AsyncGenerator<Entry> {
  let [at, broken] = [0, false];
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (broken) throw damaged(path);
    if (at++ === 0) continue;
    try {
      const entry = JSON.parse(line) as Entry;
      yield entry;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      broken = true;
    }
  }
}

/** The first line of a file; none where there is no file. */
async function headOf(path: string): Promise<string[]> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return [];
  for await (const line of file.readLines()) return [line];
  return [];
}

function parsed<T>(line: string, path: string): T {
  try {
    return JSON.parse(line) as T;
  } catch {
    throw damaged(path);
  }
}

const damaged = (path: string) => new InputError({ name: path, expected: 'one JSON object per line', got: 'others' });
