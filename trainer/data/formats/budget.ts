/** @file Work that takes memory, as much of it at a time as there is room for. */

/** A bound on what several tasks hold at a time. A task that needs more than all of it runs alone. */
export class Budget {
  #left: number;
  readonly #waiting: { amount: number; start: () => void }[] = [];

  constructor(readonly total: number) {
    this.#left = total;
  }

  /** Runs a task as soon as there is room for it; tasks start in their order. */
  async spend<T>(amount: number, task: () => Promise<T>): Promise<T> {
    const held = Math.min(amount, this.total);
    if (this.#waiting.length > 0 || held > this.#left) {
      await new Promise<void>((start) => this.#waiting.push({ amount: held, start }));
    } else {
      this.#left -= held;
    }
    try {
      return await task();
    } finally {
      this.#left += held;
      this.#startNext();
    }
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next && next.amount <= this.#left; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#left -= next.amount;
      next.start();
    }
  }
}
