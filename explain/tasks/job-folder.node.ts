/** @file The folder of a job of explanations: who may write to it, and what an earlier job left there. */
import { join } from 'node:path';
import { namesBegin } from '../../inference/files/copies.node.js';
import { lockFolder, type FolderLock } from '../../inference/files/folder-lock.node.js';
import { exists } from '../../inference/files/missing.node.js';
import { expectWhole, heldJob, JOB_FILE, takenFolder } from '../../inference/tasks/shared/description.node.js';
import { notBegun, type FolderUse } from '../../inference/tasks/shared/opening.node.js';
import { InputError } from '../../onnx/errors.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';
import { requireOwnResults } from '../files/results.node.js';
import { expectNoTasks, FLAT_RESULTS, LIST_FILE, removeTaskFiles } from '../files/task-files.node.js';
import { listDifference, PictureList, writePictureList } from './picture-list.node.js';

/**
 * Readies a folder for a job: its list of pictures is there then.
 * @param stamps sizes and times of pictures that are named by addresses
 * @param check called before anything is changed, unless the job that is there goes on: it was checked when it began
 * @returns the lock of a process that works alone, and the name of what asked for the job that is there
 * @throws InputError if another process writes to the folder, or it holds another job
 */
export async function readyFolder(
  out: string,
  names: readonly string[],
  { shared, resume, completes, stamps }: FolderUse & { stamps: ReadonlyMap<string, string> | undefined },
  check: () => Promise<void>,
): Promise<{ lock: FolderLock | undefined; name: string }> {
  const name = shared ? 'out' : 'resume';
  const lock = shared ? undefined : await lockFolder(out);
  try {
    await requireOwnResults(out);
    const before = await heldJob(out, 'gan-gradcam');
    if (shared) expectWhole(out, before);
    if (shared && !before && (await exists(join(out, FLAT_RESULTS))))
      throw takenFolder(`${join(out, FLAT_RESULTS)}, which is of a job that is not shared`);
    if (!before && completes) throw notBegun(out, JOB_FILE);
    if (!before) await expectNew(out);
    const kept = before && !before.removing && (shared || resume);
    const list = join(out, LIST_FILE);
    const folder = namesBegin(out, names);
    if (!kept) await check();
    if (!kept && !shared) await removeTaskFiles(out);
    if (shared) await makeFolder(out);
    if (!(await exists(list))) await writePictureList(list, names, folder, stamps);
    const difference = kept || shared ? await listDifference(list, names, folder) : undefined;
    if (difference) {
      const { listed, given } = difference;
      const shown = (text: string | undefined) => (text === undefined ? 'no further picture' : text);
      const expected = `the pictures of ${list}, where there is ${shown(listed)}`;
      throw new InputError({ name, expected, got: shown(given) });
    }
    return { lock, name };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** @throws InputError if a folder that held no job has what no job has written */
async function expectNew(out: string): Promise<void> {
  await expectNoTasks(out).catch(async (error: unknown) => {
    // Another process may have begun the same job meanwhile, and its first results be there.
    if (!(await heldJob(out, 'gan-gradcam'))) throw error;
  });
  const list = join(out, LIST_FILE);
  if (await exists(list)) await PictureList.open(list, 1);
}
