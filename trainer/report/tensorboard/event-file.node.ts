/** @file The TensorBoard files of a run, `tensorboard/events.out.tfevents.…`: one for each time it was started. */
import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { restartRecord, stepRecord, versionRecord, type StepEvent } from './events.js';

/** A file that events are appended to. */
export class EventFile {
  #waiting: Uint8Array[] = [];

  private constructor(readonly path: string) {}

  /**
   * Begins a new file in the run's folder.
   * @param done steps done before; events of later steps in earlier files no longer count
   */
  static async create(run: string, done: number): Promise<EventFile> {
    const folder = join(run, 'tensorboard');
    await mkdir(folder, { recursive: true });
    // A run that was killed before its first checkpoint begins again at step 0.
    const again = (await readdir(folder)).length > 0;
    const now = Date.now() / 1000;
    // TensorBoard reads the files of a folder in the order of their names.
    const path = join(folder, `events.out.tfevents.${now.toFixed(3).padStart(14, '0')}.${process.pid}.ganscope`);
    await writeFile(
      path,
      Buffer.concat([versionRecord(now), ...(again ? [restartRecord(now, done > 0 ? done + 1 : 0)] : [])]),
    );
    return new EventFile(path);
  }

  /** Takes an event in; `flush` writes it. */
  add(event: Omit<StepEvent, 'time'>): void {
    this.#waiting.push(stepRecord({ ...event, time: Date.now() / 1000 }));
  }

  /** Appends what waits to the file. */
  async flush(): Promise<void> {
    await appendFile(this.path, Buffer.concat(this.#waiting.splice(0)));
  }
}
