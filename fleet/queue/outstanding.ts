/** @file Tasks of a stage that are not done yet, as the coordinator knows them. */

/** A task that a worker says is done, while nothing is seen of its result. */
interface Unseen {
  worker: string;
  /** In milliseconds. */
  since: number;
}

export class Outstanding {
  readonly #tasks: Set<number>;
  readonly #unseen = new Map<number, Unseen>();
  /** Tasks that failed for good, with the last reason. */
  readonly failures = new Map<number, string>();

  constructor(tasks: Iterable<number>) {
    this.#tasks = new Set(tasks);
  }

  get size(): number {
    return this.#tasks.size;
  }

  get tasks(): IterableIterator<number> {
    return this.#tasks.values();
  }

  has(task: number): boolean {
    return this.#tasks.has(task);
  }

  /** Its result is there. @returns whether that is news */
  done(task: number): boolean {
    this.#unseen.delete(task);
    return this.#tasks.delete(task);
  }

  /** It will not be tried again. */
  failed(task: number, reason: string): void {
    this.#unseen.delete(task);
    if (this.#tasks.delete(task)) this.failures.set(task, reason);
  }

  /** A worker says that it is done, and its result is not seen. */
  claimed(task: number, worker: string, now: number): void {
    if (this.#tasks.has(task) && !this.#unseen.has(task)) this.#unseen.set(task, { worker, since: now });
  }

  /** Tasks that are claimed to be done. */
  get claims(): number[] {
    return [...this.#unseen.keys()];
  }

  /** Who has claimed a task for longer than `patience` milliseconds. */
  overdue(task: number, now: number, patience: number): string | undefined {
    const unseen = this.#unseen.get(task);
    return unseen && now - unseen.since > patience ? unseen.worker : undefined;
  }
}
