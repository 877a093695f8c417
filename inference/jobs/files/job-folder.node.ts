/** @file The folder of a job: locked, checked before the work, with a journal of what is in it. */
import { join } from 'node:path';
import { lockFolder, type FolderLock } from '../../files/folder-lock.node.js';
import { expectOwnFiles, removeOwnFiles } from '../../files/output-folder.node.js';
import type { Assumption } from '../../graphs/assumption.js';
import type { OwnedFiles } from '../../files/owned-files.js';
import { expectSameJob } from '../../files/same-job.node.js';
import type { JobContext } from '../shared/context.node.js';
import { JOURNAL, readJournal, writeJournal, type Journal } from './journal.node.js';

/** What a folder is opened for. */
export interface FolderRequest extends Omit<Journal, 'done' | 'removing'> {
  /** Go on with the same job if the folder holds its beginning. */
  resume?: boolean;
  /** Also write into a folder with files of others; left out where nobody is asked. */
  overwrite?: boolean;
}

/** A folder that this job alone writes to. */
export class JobFolder {
  readonly folder: string;
  /** Whether the folder holds the beginning of this job. */
  readonly resumed: boolean;
  readonly #journal: Journal & { done: number };
  readonly #lock: FolderLock;
  /** What the folder holds of another job, until `begin`. */
  readonly #before: Journal | undefined;
  #begun = false;

  private constructor(
    folder: string,
    lock: FolderLock,
    journal: Journal & { done: number },
    before: Journal | undefined,
    resumed: boolean,
  ) {
    this.folder = folder;
    this.resumed = resumed;
    this.#lock = lock;
    this.#journal = journal;
    this.#before = before;
    this.#begun = resumed;
  }

  /**
   * Locks the folder. Nothing in it is changed before `begin`. Release it when done.
   * @throws InputError if another process writes to it, it holds files of others, or there is another job to go on with
   */
  static async open(folder: string, { resume, overwrite, ...job }: FolderRequest): Promise<JobFolder> {
    const lock = await lockFolder(folder);
    try {
      const before = await readJournal(folder);
      const journal = { ...job, done: 0 };
      await expectOwnFiles(folder, before?.files ?? { names: [] }, overwrite);
      const resumed = resume === true && before !== undefined && !before.removing;
      if (resumed) {
        const all = ({ identity, count }: Journal) => ({ ...identity, count });
        expectSameJob(join(folder, JOURNAL), all(before), all(journal));
        journal.done = before.done ?? 0;
        journal.assumed = withoutRepeats([...before.assumed, ...journal.assumed]);
      }
      return new JobFolder(folder, lock, journal, before, resumed);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Pictures in complete shards. */
  get done(): number {
    return this.#journal.done;
  }

  /** Removes what an earlier job of this folder left, as its journal lists it, and starts the journal of this one. */
  async begin(): Promise<void> {
    if (this.#begun) return;
    if (this.#before) {
      // A kill in between must leave neither files that nobody knows, nor some that are taken for the job's.
      await writeJournal(this.folder, { ...this.#before, done: 0, removing: true });
      const names = this.#before.files.names.filter((name) => name !== JOURNAL);
      await removeOwnFiles(this.folder, { ...this.#before.files, names });
    }
    await writeJournal(this.folder, this.#journal);
    this.#begun = true;
  }

  /** The context of a job in this folder: what is assumed of the discriminator is kept for the journal too. */
  journaled(context: JobContext): JobContext {
    return {
      ...context,
      assumed: (assumptions) => {
        const own = assumptions.map((each) => ({ ...each, about: `${each.about} of the discriminator` }));
        this.#journal.assumed = withoutRepeats([...this.#journal.assumed, ...own]);
        context.assumed?.(assumptions);
      },
    };
  }

  /** Says how many pictures are complete. */
  async advance(done: number): Promise<void> {
    this.#journal.done = done;
    await writeJournal(this.folder, this.#journal);
  }

  /** Removes the files that the journal lists, and the journal: of a folder that is needed only until the job is done. */
  async clear(): Promise<void> {
    await removeOwnFiles(this.folder, this.#journal.files);
    await removeOwnFiles(this.folder, { names: [JOURNAL] });
  }

  /** Lets others write. */
  release(): Promise<void> {
    return this.#lock.release();
  }
}

function withoutRepeats(assumptions: readonly Assumption[]): Assumption[] {
  return [...new Map(assumptions.map((each) => [JSON.stringify(each), each])).values()];
}

/**
 * Writes the files of a job that cannot be resumed into its folder. The journal counts them as done once all are there.
 * @param files of the job; nothing where it writes a single file, which needs no folder of its own
 * @param write calls `begin` before it writes the first file; its context tells the journal what is assumed
 */
export async function inJobFolder<T>(
  job: { kind: string; out: string; overwrite: boolean },
  files: OwnedFiles | undefined,
  context: JobContext,
  write: (begin: () => Promise<void>, context: JobContext) => Promise<T>,
): Promise<T> {
  if (files === undefined) return write(async () => {}, context);
  const count = files.names.length + (files.numbered?.count ?? 0);
  const { model, generator } = context;
  const assumed = generator.assumptions;
  const request = { job: job.kind, generator: model, assumed, identity: {}, files, count, overwrite: job.overwrite };
  const folder = await JobFolder.open(job.out, request);
  try {
    const written = await write(() => folder.begin(), folder.journaled(context));
    await folder.advance(count);
    return written;
  } finally {
    await folder.release();
  }
}
