/** @file Runs tasks in parallel within a memory budget. */

/** Runs tasks in parallel while the sum of their sizes is at most the limit; a larger task runs alone. */
export class Budget {
  #used = 0;
  readonly #waiting: { size: number; start: () => void }[] = [];

  constructor(readonly limit: number) {}

  /** What the task returns or throws. Tasks start in the order they are given. */
  async run<T>(size: number, task: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      this.#waiting.push({ size, start });
      this.#startNext();
    });
    try {
      return await task();
    } finally {
      this.#used -= size;
      this.#startNext();
    }
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#used > 0 && this.#used + next.size > this.limit) return;
      this.#waiting.shift();
      this.#used += next.size;
      next.start();
    }
  }
}
