/** @file Things that must not happen at the same time, one after the other. */

/** Runs tasks in the order they come, each when the one before has ended. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /** What the task returns or throws. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
