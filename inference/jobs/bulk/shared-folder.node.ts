/** @file The folder of a bulk job: of this process alone, or of several that do their parts of the same job. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { makeFolder } from '../../../onnx/files/disk/folder.node.js';
import { removeLeftovers } from '../../../onnx/files/disk/temporary.node.js';
import { lockFolder } from '../../files/folder-lock.node.js';
import { ifThere } from '../../files/missing.node.js';
import { expectOwnFiles, removeOwnFiles } from '../../files/output-folder.node.js';
import { expectSameJob } from '../../files/same-job.node.js';
import { JOURNAL, journalText, readJournal, writeJournal, type Journal } from '../files/journal.node.js';
import { publishFile } from '../../tasks/publish.node.js';
import { notBegun } from '../../tasks/shared/opening.node.js';

/** What a folder is opened for. */
export interface BulkRequest {
  /** The job, as its description will say. What it assumes is asked for only where there is no description yet. */
  describe: () => Promise<Journal>;
  identity: Pick<Journal, 'identity' | 'count'>;
  /** Whether other processes do parts of the same job: nothing is locked or removed then. */
  shared: boolean;
  /** Whether the job must have begun. */
  completes: boolean;
  /** Go on with the same job if the folder holds its beginning. */
  resume: boolean;
  /** Also write into a folder with files of others. */
  overwrite: boolean;
}

/** A folder with the results of one job. */
export interface BulkFolder {
  /** @throws InputError if the folder is another job's by now */
  expectOurs(): Promise<void>;
  /** Adds a file in the folder to those that the description lists as the job's. */
  own(name: string): Promise<void>;
  /** Lets others write. */
  release(): Promise<void>;
}

/**
 * Opens the folder and describes the job in it, in `sampling.json`; the description does not change while its tasks run.
 * @throws InputError if the folder holds files of others or another job to go on with, or another process has it for itself
 */
export async function openBulkFolder(folder: string, request: BulkRequest): Promise<BulkFolder> {
  if (!request.shared) return ownFolder(folder, request);
  if (request.overwrite) {
    throw new InputError({ name: 'overwrite', expected: 'not to be used where several processes fill a folder' });
  }
  await describedFolder(folder, request);
  await removeLeftovers(folder);
  const expectOurs = () => expectDescribed(folder, request);
  const own = (name: string) => expectOurs().then(() => addOwn(folder, name));
  return { expectOurs, own, release: async () => {} };
}

/** Locks the folder; without `resume` removes what an earlier job left, as its journal lists it. */
async function ownFolder(folder: string, request: BulkRequest): Promise<BulkFolder> {
  const lock = await lockFolder(folder);
  try {
    const before = await readJournal(folder);
    await expectOwnFiles(folder, before?.files ?? { names: [] }, request.overwrite);
    if (request.resume && before !== undefined && !before.removing) expectSame(folder, before, request, 'resume');
    else await begin(folder, before, await request.describe(), request.overwrite);
    return { expectOurs: async () => {}, own: (name) => addOwn(folder, name), release: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function begin(folder: string, before: Journal | undefined, job: Journal, overwrite: boolean): Promise<void> {
  if (before) {
    // A kill in between must leave neither files that nobody knows, nor some that are taken for the job's.
    await writeJournal(folder, { ...before, removing: true });
    const names = before.files.names.filter((name) => name !== JOURNAL);
    await removeOwnFiles(folder, { ...before.files, names });
  }
  if (overwrite) {
    // What has the name of a result would be taken for one.
    await removeOwnFiles(folder, job.files);
    await expectNoSharedSubfolders(folder, job);
  }
  await writeJournal(folder, job);
}

async function addOwn(folder: string, name: string): Promise<void> {
  const journal = await readJournal(folder);
  if (!journal || journal.files.names.includes(name)) return;
  const names = [...journal.files.names.filter((each) => each !== JOURNAL), name];
  await writeJournal(folder, { ...journal, files: { ...journal.files, names } });
}

/** Sub-folders are renamed as a whole, so none may hold files of others. */
async function expectNoSharedSubfolders(folder: string, { files: { numbered } }: Journal): Promise<void> {
  if (numbered?.in !== 'folders') return;
  const { count, size } = numbered;
  for (let shard = 0; shard < Math.ceil(count / size); shard++) {
    const path = join(folder, String(shard).padStart(5, '0'));
    if ((await ifThere(stat(path), path)) === undefined) continue;
    throw new InputError({ name: 'out', expected: 'sub-folders without files of others', got: path });
  }
}

/** Describes the job in a folder that others may describe at the same time. */
async function describedFolder(folder: string, request: BulkRequest): Promise<void> {
  if ((await readJournal(folder)) === undefined) {
    if (request.completes) throw notBegun(folder, JOURNAL);
    await makeFolder(folder);
    const job = await request.describe();
    await expectOwnFiles(folder, { names: [] }).catch(async (error: unknown) => {
      // Another process may have been faster, and its first results be there.
      if ((await readJournal(folder)) === undefined) throw error;
    });
    await publishFile(join(folder, JOURNAL), ({ handle }) => handle.writeFile(journalText(job)));
  }
  await expectDescribed(folder, request);
}

async function expectDescribed(folder: string, request: BulkRequest): Promise<void> {
  const found = await readJournal(folder);
  if (found && !found.removing) return expectSame(folder, found, request, 'out');
  const got = found ? `${folder}, from which an earlier job is being removed` : `${folder} without ${JOURNAL}`;
  throw new InputError({ name: 'out', expected: 'the folder of this job', got });
}

function expectSame(folder: string, before: Journal, { identity }: BulkRequest, name: string): void {
  expectSameJob(
    join(folder, JOURNAL),
    { ...before.identity, count: before.count },
    { ...identity.identity, count: identity.count },
    name,
  );
}
