/** @file The folder of an evaluation: who may write to it, and what an earlier one left there. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder, type FolderLock } from '../../../inference/files/folder-lock.node.js';
import { exists, ifThere } from '../../../inference/files/missing.node.js';
import { holdsJob, JOB_FILE } from '../../../inference/tasks/shared/description.node.js';
import type { FolderUse } from '../../../inference/tasks/shared/opening.node.js';
import { InputError } from '../../../onnx/errors.js';
import { makeFolder } from '../../../onnx/files/disk/folder.node.js';
import { removeLeftovers } from '../../../onnx/files/disk/temporary.node.js';

/** The sets that the job compares, and the numbers in the end. */
export const SETS_FILE = 'sets.json';
export const RESULTS_FILE = 'results.json';
/** Folders of results of tasks, a stage each. */
const STAGES = ['parts', 'replacements', 'features'];

/**
 * Readies a folder for a job.
 * @returns the lock of a process that works alone
 * @throws InputError if another process writes to the folder, or it holds something else
 */
export async function readyFolder(out: string, { shared, resume }: FolderUse): Promise<FolderLock | undefined> {
  const lock = shared ? undefined : await lockFolder(out);
  try {
    const before = await holdsJob(out, 'gan-eval');
    const results = join(out, RESULTS_FILE);
    if (!before && (await exists(results))) {
      const got = `${results}, which is of another program`;
      throw new InputError({ name: 'out', expected: 'another folder', got });
    }
    if (shared) await makeFolder(out);
    else if (!before || !resume) await removeEvaluation(out);
    return lock;
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** Removes what an earlier evaluation left; files of others stay. */
async function removeEvaluation(out: string): Promise<void> {
  // Without its description nobody takes the rest for a job.
  await rm(join(out, JOB_FILE), { force: true });
  for (const stage of STAGES) {
    const folder = join(out, stage);
    await removeLeftovers(folder);
    const names = (await ifThere(readdir(folder), folder)) ?? [];
    for (const name of names) if (/^\d{5,}\.part$/.test(name)) await rm(join(folder, name), { force: true });
    await rmdir(folder).catch(() => undefined);
  }
  for (const file of [SETS_FILE, RESULTS_FILE]) await rm(join(out, file), { force: true });
}

/** Removes what killed processes left in the folder. */
export async function removeAllLeftovers(out: string): Promise<void> {
  for (const folder of [out, ...STAGES.map((stage) => join(out, stage))]) await removeLeftovers(folder);
}
