/** @file Work side by side, as much as memory allows. */

/** Runs tasks side by side while their sizes add up to at most a limit; a task that is larger runs alone. */
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
