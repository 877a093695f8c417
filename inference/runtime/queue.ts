/** @file Tasks that run one after the other. */

/** Runs tasks in the order in which they are added, each when the one before has ended. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /** What the task returns or throws. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
