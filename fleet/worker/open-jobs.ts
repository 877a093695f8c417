/** @file Jobs that stay open between their tasks: their models are read and checked once. */
import type { TaskJob } from '../../inference/tasks/job.js';

interface Open {
  job: Promise<TaskJob>;
  /** Tasks that use it now. */
  users: number;
  /** A task failed: the next one opens the job anew. */
  stale: boolean;
}

export class OpenJobs {
  readonly #jobs = new Map<string, Open>();

  /**
   * @param open opens the job of an order
   * @param most jobs that stay open while nobody uses them
   */
  constructor(
    private readonly open: (order: string) => Promise<TaskJob>,
    private readonly most: number,
  ) {}

  /** Does something with a job. @throws what opening it or `work` throws */
  async with<T>(order: string, work: (job: TaskJob) => Promise<T>): Promise<T> {
    const entry = this.#jobs.get(order) ?? { job: this.open(order), users: 0, stale: false };
    entry.users++;
    // The last one in the map is the one used last.
    this.#jobs.delete(order);
    this.#jobs.set(order, entry);
    try {
      return await work(await entry.job);
    } catch (error) {
      entry.stale = true;
      if (this.#jobs.get(order) === entry) this.#jobs.delete(order);
      throw error;
    } finally {
      entry.users--;
      if (entry.stale && entry.users === 0) await dispose(entry);
      await this.#close(this.most);
    }
  }

  /** Closes all that nobody uses. */
  async dispose(): Promise<void> {
    await this.#close(0);
  }

  async #close(most: number): Promise<void> {
    const unused = [...this.#jobs].filter(([, { users }]) => users === 0);
    const closing = unused.slice(0, Math.max(0, unused.length - most));
    for (const [order] of closing) this.#jobs.delete(order);
    for (const [, entry] of closing) await dispose(entry);
  }
}

/** Nothing is left of a job that could not be opened. */
async function dispose({ job }: Open): Promise<void> {
  await job.then(
    (opened) => opened.dispose(),
    () => undefined,
  );
}
