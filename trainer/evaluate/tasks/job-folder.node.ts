/** @file The folder of an evaluation: who may write to it, and what an earlier one left there. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder, type FolderLock } from '../../../inference/files/folder-lock.node.js';
import { exists, ifThere } from '../../../inference/files/missing.node.js';
import {
  expectWhole,
  heldJob,
  JOB_FILE,
  markRemoving,
  takenFolder,
} from '../../../inference/tasks/shared/description.node.js';
import { notBegun, type FolderUse } from '../../../inference/tasks/shared/opening.node.js';
import { makeFolder } from '../../../onnx/files/disk/folder.node.js';
import { removeLeftovers } from '../../../onnx/files/disk/temporary.node.js';
import { readSets } from './sets-file.node.js';

/** The sets that the job compares, and the numbers in the end. */
export const SETS_FILE = 'sets.json';
export const RESULTS_FILE = 'results.json';
/** Folders of results of tasks, a stage each. */
const STAGES = ['parts', 'replacements', 'features'];
const PART = /^\d{5,}\.part$/;

/**
 * Readies a folder for a job.
 * @returns the lock of a process that works alone
 * @throws InputError if another process writes to the folder, or it holds something else
 */
export async function readyFolder(
  out: string,
  { shared, resume, completes }: FolderUse,
): Promise<FolderLock | undefined> {
  const lock = shared ? undefined : await lockFolder(out);
  try {
    const before = await heldJob(out, 'gan-eval');
    if (shared) expectWhole(out, before);
    if (!before && completes) throw notBegun(out, JOB_FILE);
    if (!before) await expectNew(out);
    if (shared) await makeFolder(out);
    else if (!before || before.removing || !resume) await removeEvaluation(out);
    return lock;
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** @throws InputError if a folder that held no job has what no job has written, or what would be taken for results */
async function expectNew(out: string): Promise<void> {
  const results = join(out, RESULTS_FILE);
  let other = (await exists(results)) ? `${results}, which is of another program` : undefined;
  for (const stage of STAGES) {
    const [first] = await partsIn(join(out, stage));
    if (first !== undefined) other ??= `${first}, which is not of an earlier job`;
  }
  // Another process may have begun the same job meanwhile, and its first results be there.
  if (other !== undefined && !(await heldJob(out, 'gan-eval'))) throw takenFolder(other);
  const sets = join(out, SETS_FILE);
  if (await exists(sets)) await readSets(sets);
}

/** Removes what an earlier evaluation left; files of others stay. */
async function removeEvaluation(out: string): Promise<void> {
  await markRemoving(out);
  for (const stage of STAGES) {
    const folder = join(out, stage);
    await removeLeftovers(folder);
    for (const part of await partsIn(folder)) await rm(part, { force: true });
    await rmdir(folder).catch(() => undefined);
  }
  for (const file of [SETS_FILE, RESULTS_FILE, JOB_FILE]) await rm(join(out, file), { force: true });
}

/** Results of tasks in a folder of a stage. */
const partsIn = async (folder: string) =>
  ((await ifThere(readdir(folder), folder)) ?? []).filter((name) => PART.test(name)).map((name) => join(folder, name));

/** Removes what killed processes left in the folder. */
export async function removeAllLeftovers(out: string): Promise<void> {
  for (const folder of [out, ...STAGES.map((stage) => join(out, stage))]) await removeLeftovers(folder);
}
