/** @file Things to release on every path, in the reverse order of their making. */

/** A stack of what has been opened. */
export class Releases {
  readonly #tasks: (() => Promise<unknown> | void)[] = [];

  /** Adds what releases the thing that was opened last. */
  add(task: () => Promise<unknown> | void): void {
    this.#tasks.push(task);
  }

  /** Releases everything, even if one of the tasks fails. @throws the first error */
  async release(): Promise<void> {
    const errors: unknown[] = [];
    for (let task = this.#tasks.pop(); task; task = this.#tasks.pop()) {
      try {
        await task();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
