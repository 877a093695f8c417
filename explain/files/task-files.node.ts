/** @file What a job of many tasks has in its folder, and how it is removed. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../inference/files/missing.node.js';
import { JOB_FILE } from '../../inference/tasks/shared/description.node.js';
import { InputError } from '../../onnx/errors.js';
import { removeLeftovers } from '../../onnx/files/disk/temporary.node.js';

/** The pictures, one per line. */
export const LIST_FILE = 'pictures.jsonl';
/** Results of small jobs in one piece. */
export const FLAT_RESULTS = 'results.json';
/** Results of all tasks. */
export const RESULTS_LINES = 'results.jsonl';
/** Extensions of what tasks write. */
const WRITTEN = /\.(png|npy|jsonl|svg|pdf)$/;

/** The name of a task's folder. */
export const taskName = (task: number) => String(task).padStart(5, '0');

/**
 * Removes what an earlier job left in its folder; other files beside it stay.
 * @throws InputError if there are other files in the folders of its tasks: what is there would be taken for a result
 */
export async function removeTaskFiles(out: string): Promise<void> {
  const tasks = (await namesIn(out)).filter((name) => /^\d{5,}$/.test(name)).map((name) => join(out, name));
  for (const folder of tasks) {
    await removeLeftovers(folder);
    const other = (await namesIn(folder)).find((name) => !WRITTEN.test(name));
    if (other === undefined) continue;
    const got = `${join(folder, other)}, which is not of an earlier job`;
    throw new InputError({ name: 'out', expected: 'another folder', got });
  }
  // Without its description nobody takes the rest for a job.
  await rm(join(out, JOB_FILE), { force: true });
  for (const folder of tasks) {
    for (const file of await namesIn(folder)) await rm(join(folder, file), { force: true });
    await rmdir(folder);
  }
  for (const file of [LIST_FILE, RESULTS_LINES, FLAT_RESULTS]) await rm(join(out, file), { force: true });
}

/** Names in a folder, if it is one. */
const namesIn = async (folder: string) => (await ifThere(readdir(folder), folder)) ?? [];
