/** @file A queue that runs one task at a time. */

/** Runs tasks one at a time, in the order in which they are added. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects with the result of the task. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
