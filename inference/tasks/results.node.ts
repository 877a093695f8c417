/** @file Which results of tasks are in a folder: the folder is read once for all of them. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, ifThere } from '../files/missing.node.js';

/** Numbered results in one folder, a file or a folder each. */
export class TaskResults {
  /**
   * @param folder need not exist
   * @param nameOf the name of a task's result in the folder; its first digits are the number of the task
   */
  constructor(
    readonly folder: string,
    readonly count: number,
    readonly nameOf: (task: number) => string,
  ) {}

  /** The path of a task's result. */
  path(task: number): string {
    return join(this.folder, this.nameOf(task));
  }

  /** Tasks without a result, ascending; the folder is read anew. */
  async missing(): Promise<number[]> {
    const seen = new Uint8Array(this.count);
    for (const name of (await ifThere(readdir(this.folder), this.folder)) ?? []) {
      const task = Number(/\d+/.exec(name)?.[0] ?? this.count);
      if (task < this.count && this.nameOf(task) === name) seen[task] = 1;
    }
    const missing: number[] = [];
    for (let task = seen.indexOf(0); task >= 0; task = seen.indexOf(0, task + 1)) missing.push(task);
    return missing;
  }

  /** Whether a task's result is there, now: it may have been removed since. */
  done(task: number): Promise<boolean> {
    return exists(this.path(task));
  }
}
