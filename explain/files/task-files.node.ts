/** @file What a job of many tasks has in its folder, and how it is removed. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../inference/files/missing.node.js';
import { JOB_FILE, markRemoving, takenFolder } from '../../inference/tasks/shared/description.node.js';
import { removeLeftovers } from '../../onnx/files/disk/temporary.node.js';

/** The pictures, one per line. */
export const LIST_FILE = 'pictures.jsonl';
/** Results of small jobs in one piece. */
export const FLAT_RESULTS = 'results.json';
/** Results of all tasks. */
export const RESULTS_LINES = 'results.jsonl';
/** Results of one task, in its folder: one line per picture. */
export const TASK_RESULTS = 'results.jsonl';
/** Extensions of what tasks write. */
const WRITTEN = /\.(png|npy|jsonl|svg|pdf)$/;

/** The name of a task's folder. */
export const taskName = (task: number) => String(task).padStart(5, '0');

/** @throws InputError if a folder that holds no job has something that would be taken for the result of a task */
export async function expectNoTasks(out: string): Promise<void> {
  const [first] = await tasksIn(out);
  if (first !== undefined) throw takenFolder(`${first}, which is not of an earlier job`);
}

/**
 * Removes what an earlier job left in its folder; other files beside it stay.
 * @throws InputError if there are other files in the folders of its tasks: what is there would be taken for a result
 */
export async function removeTaskFiles(out: string): Promise<void> {
  const tasks = await tasksIn(out);
  for (const folder of tasks) {
    await removeLeftovers(folder);
    const names = await namesIn(folder);
    // A task has results, whatever else it has.
    const other = names.includes(TASK_RESULTS) ? names.find((name) => !WRITTEN.test(name)) : names[0];
    if (other !== undefined) throw takenFolder(`${join(folder, other)}, which is not of an earlier job`);
  }
  await markRemoving(out);
  for (const folder of tasks) {
    const files = (await namesIn(folder)).filter((name) => name !== TASK_RESULTS);
    for (const file of [...files, TASK_RESULTS]) await rm(join(folder, file), { force: true });
    await rmdir(folder);
  }
  for (const file of [LIST_FILE, RESULTS_LINES, FLAT_RESULTS, JOB_FILE]) await rm(join(out, file), { force: true });
}

/** What has the names of tasks. */
const tasksIn = async (out: string) =>
  (await namesIn(out)).filter((name) => /^\d{5,}$/.test(name)).map((name) => join(out, name));

/** Names in a folder, if it is one. */
const namesIn = async (folder: string) => (await ifThere(readdir(folder), folder)) ?? [];
