/** @file The TensorBoard files of a run, `tensorboard/<run>/events.out.tfevents.…` beside it: one for each start of the run. */
import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { hparamsRecord, restartRecord, stepRecord, versionRecord, type StepEvent } from './events.js';
import type { HparamValue } from './hparams.js';
import { InputError } from '../../../onnx/errors.js';
import { makeFolder } from '../../../onnx/files/disk/folder.node.js';

/** The folder beside runs that holds their event files. */
const TENSORBOARD = 'tensorboard';

/** The folder of a run's event files: `runs/tensorboard/<name>` for `runs/<name>`. */
export const eventFolder = (run: string): string => join(dirname(resolve(run)), TENSORBOARD, basename(resolve(run)));

/** Makes that folder. @returns its path */
export async function makeEventFolder(run: string): Promise<string> {
  const folder = eventFolder(run);
  await makeFolder(folder);
  return folder;
}

/** @throws InputError for a new run in the folder of event files */
export function expectNoEventFolder(run: string): void {
  if (basename(resolve(run)) !== TENSORBOARD) return;
  throw new InputError({
    name: 'out',
    expected: `another name than ${TENSORBOARD}, which holds the TensorBoard files of the runs beside it`,
    got: run,
  });
}

/** An event file that is being written. */
export class EventFile {
  #waiting: Uint8Array[] = [];

  private constructor(readonly path: string) {}

  /**
   * Creates a new file. It lies beside the run, not in it: TensorBoard follows links, and would list the newest run a second
   * time as `latest`.
   * @param done steps done before; TensorBoard drops later steps of earlier files
   */
  static async create(run: string, done: number, hparams: Readonly<Record<string, HparamValue>>): Promise<EventFile> {
    const folder = await makeEventFolder(run);
    // A run that was killed before its first checkpoint starts again at step 0.
    const again = (await readdir(folder)).length > 0;
    const now = Date.now() / 1000;
    // TensorBoard reads the files of a folder in the order of their names.
    const path = join(folder, `events.out.tfevents.${now.toFixed(3).padStart(14, '0')}.${process.pid}.ganscope`);
    await writeFile(
      path,
      Buffer.concat([
        versionRecord(now),
        hparamsRecord(now, hparams, basename(resolve(run))),
        ...(again ? [restartRecord(now, done > 0 ? done + 1 : 0)] : []),
      ]),
    );
    return new EventFile(path);
  }

  /** Adds an event; `flush` writes it. */
  add(event: Omit<StepEvent, 'time'>): void {
    this.#waiting.push(stepRecord({ ...event, time: Date.now() / 1000 }));
  }

  /** Writes the events that were added. */
  async flush(): Promise<void> {
    await appendFile(this.path, Buffer.concat(this.#waiting.splice(0)));
  }
}
