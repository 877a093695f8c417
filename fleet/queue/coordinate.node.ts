/** @file The coordinator: sends the tasks of a job that are not done, stage by stage, and waits until their results are there. */
import { InputError } from '../../onnx/errors.js';
import { inParallel } from '../../inference/files/in-parallel.js';
import type { StageProgress } from '../../inference/tasks/engine.js';
import type { TaskJob, TaskStage } from '../../inference/tasks/job.js';
import { shownSpec } from '../results/originals.node.js';
import type { QueueAddress } from './address.js';
import type { ConnectionMessages } from './connection.node.js';
import { orderId, orderText, taskId } from './messages.js';
import { StageEvents } from './stage-events.node.js';
import { Outstanding } from './outstanding.js';
import { ATTEMPTS, TaskQueue } from './task-queue.node.js';

export interface QueueOptions extends ConnectionMessages {
  signal?: AbortSignal | undefined;
  /** Called with how many pictures of a stage are done, by all workers together. */
  progress?: StageProgress | undefined;
  /** Milliseconds before a task that failed is tried again; each later pause is twice as long. */
  firstPause?: number;
}

/** Milliseconds between looks at the queue, and between two looks at all results that are missing where nothing happens. */
const LOOK_MS = 2000;
const RECHECK_MS = 30_000;
const LONGEST_RECHECK_MS = 300_000;
/** Milliseconds that the result of a finished task may take to be seen: network file systems show it late. */
const PATIENCE_MS = 60_000;
/** Tasks that may fail for good before the coordinator gives up. */
const MOST_FAILURES = 10;
/** Lines of workers that are printed. */
const MOST_LINES = 50;
/** Results that are looked up at the same time. */
const LANES = 16;

/**
 * Lets the workers of a queue run all tasks of a job that are not done.
 * @throws InputError if the server cannot be used, or tasks fail for good
 * @throws the signal's reason when it is aborted; the tasks stay in the queue
 */
export async function runQueued(job: TaskJob, address: QueueAddress, options: QueueOptions): Promise<void> {
  const queue = await TaskQueue.open(address, options, options.firstPause);
  try {
    await queue.connection.unlessEnded(queue.coordinate());
    const text = orderText(shownSpec(job.spec));
    const order = { id: orderId(text), text };
    for (const stage of job.stages) {
      options.signal?.throwIfAborted();
      const count = await stage.tasks();
      const missing = await stage.missing();
      const names = Object.keys(job.spec.options);
      if (missing.length > 0) await new StageRun(queue, order, stage, count, missing, names, options).run();
    }
  } catch (error) {
    // Where the server is away, what was asked of it fails then.
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    await queue.close();
  }
}

/** One stage on its way. */
class StageRun {
  readonly #outstanding: Outstanding;
  readonly #total: number;
  #done: number;
  #workers: number | undefined;
  #lines = new Set<string>();
  /** When something was heard of this stage. */
  #heard = Date.now();
  #recheckMs = RECHECK_MS;

  constructor(
    private readonly queue: TaskQueue,
    private readonly order: { id: string; text: string },
    private readonly stage: TaskStage,
    count: number,
    missing: readonly number[],
    /** Names of the job's options. */
    private readonly names: readonly string[],
    private readonly options: QueueOptions,
  ) {
    this.#outstanding = new Outstanding(missing);
    let total = 0;
    for (let task = 0; task < count; task++) total += stage.size(task);
    this.#total = total;
    this.#done = missing.reduce((rest, task) => rest - stage.size(task), total);
  }

  async run(): Promise<void> {
    const { options, queue, order, stage } = this;
    const { connection } = queue;
    const events = await connection.unlessEnded(StageEvents.open(queue, order.id, stage.name));
    try {
      this.#show();
      await connection.unlessEnded(this.#untilDone(events));
    } catch (error) {
      if (options.signal?.aborted)
        options.note(
          `${tasks(this.#outstanding.size)} stay in the queue, and workers go on with them. The same command continues.`,
        );
      throw error;
    } finally {
      await events.close();
    }
    this.#expectNoFailures();
  }

  /** Sends all tasks, and waits until they have results or have failed. */
  async #untilDone(events: StageEvents): Promise<void> {
    const { signal } = this.options;
    let returned = false;
    this.queue.connection.onReturn(() => (returned = true));
    await this.#submit([...this.#outstanding.tasks]);
    let looked = 0;
    while (this.#outstanding.size > 0 && this.#outstanding.failures.size <= MOST_FAILURES) {
      signal?.throwIfAborted();
      await events.some(LOOK_MS, signal);
      await this.#take(events);
      if (Date.now() - looked < LOOK_MS && !returned) continue;
      // Where news come in, the counts are ahead of them.
      const lost = (await this.#look()) && Date.now() - this.#heard > LOOK_MS;
      if (returned || lost || Date.now() - this.#heard > this.#recheckMs) await this.#recheck();
      returned = false;
      looked = Date.now();
    }
  }

  /** Sends tasks; those that failed for good earlier are tried anew. */
  async #submit(numbers: readonly number[]): Promise<void> {
    const { queue, order, stage } = this;
    await queue.putOrder(order.id, order.text);
    const messages = numbers.map((task) => ({ order: order.id, stage: stage.name, task }));
    const names = new Set(messages.map(taskId));
    await queue.forget([...(await queue.failed(order.id)).keys()].filter((name) => names.has(name)));
    await queue.submit(messages, this.options.signal);
  }

  /** Takes note of what workers said. */
  async #take(events: StageEvents): Promise<void> {
    const { finished, failed, problems } = events.take();
    if (finished.size + failed.size + problems.length > 0) {
      this.#heard = Date.now();
      this.#recheckMs = RECHECK_MS;
    }
    for (const { worker, problem = '' } of problems) this.#tell(worker, problem);
    for (const [task, worker] of finished) this.#outstanding.claimed(task, worker, Date.now());
    for (const [task, reason] of failed) this.#outstanding.failed(task, reason);
    await inParallel(this.#outstanding.claims, LANES, (task) => this.#settle(task));
    this.#show();
  }

  /** Whether a task's result is there. */
  async #settle(task: number): Promise<boolean> {
    if (await this.stage.done(task)) {
      if (this.#outstanding.done(task)) this.#done += this.stage.size(task);
      return true;
    }
    const worker = this.#outstanding.overdue(task, Date.now(), PATIENCE_MS);
    if (worker !== undefined)
      this.#outstanding.failed(
        task,
        `${worker} says that it is done, but nothing of it is seen here: do both use the same folder?`,
      );
    return false;
  }

  /** Looks at the queue. @returns whether it has fewer tasks than are missing here */
  async #look(): Promise<boolean> {
    const { queue } = this;
    const before = this.#workers;
    this.#workers = await queue.workers();
    if (this.#workers === 0 && before !== 0) {
      const { name, shown } = queue.address;
      this.options.note(`No worker listens to the queue ${name} at ${shown}: start some with gan-worker.`);
    }
    const { waiting, active } = await queue.counts();
    return waiting + active < this.#outstanding.size;
  }

  /** Looks at all results that are missing, and sends tasks again that neither have one nor are in the queue. */
  async #recheck(): Promise<void> {
    const { queue, order, stage } = this;
    this.#heard = Date.now();
    this.#recheckMs = Math.min(2 * this.#recheckMs, LONGEST_RECHECK_MS);
    for (const [name, reason] of await queue.failed(order.id)) {
      const task = Number(name.slice(name.lastIndexOf('-') + 1));
      if (name === taskId({ order: order.id, stage: stage.name, task })) this.#outstanding.failed(task, reason);
    }
    const claimed = new Set(this.#outstanding.claims);
    const missing: number[] = [];
    await inParallel([...this.#outstanding.tasks], LANES, async (task) => {
      if (!(await this.#settle(task)) && this.#outstanding.has(task) && !claimed.has(task)) missing.push(task);
    });
    await queue.putOrder(order.id, order.text);
    await queue.submit(
      missing.toSorted((a, b) => a - b).map((task) => ({ order: order.id, stage: stage.name, task })),
      this.options.signal,
    );
    this.#show();
  }

  #show(): void {
    const { size } = this.#outstanding.failures;
    const workers = this.#workers === undefined ? '' : `${this.#workers} ${this.#workers === 1 ? 'worker' : 'workers'}`;
    const failed = size > 0 ? `${tasks(size)} failed` : '';
    const note = [workers, failed].filter(Boolean).join(', ');
    this.options.progress?.(this.#done, this.#total, this.stage, note);
  }

  /** Tells what a worker complains about, once. */
  #tell(worker: string, problem: string): void {
    const line = this.#quoted(`Worker ${worker}: ${problem}`);
    if (this.#lines.has(line) || this.#lines.size >= MOST_LINES) return;
    this.#lines.add(line);
    this.options.warn(line);
  }

  /** What a worker says of an option of the job, such as `strict: expected …`, as the library says it of its own. */
  #quoted(text: string): string {
    return text.replace(/(?<=: )(\w+)(?=: expected )/, (name) => (this.names.includes(name) ? `\`${name}\`` : name));
  }

  #expectNoFailures(): void {
    const [first] = this.#outstanding.failures;
    if (!first) return;
    const [task, reason] = first;
    const more = this.#outstanding.failures.size - 1;
    throw new InputError(
      `task ${task} of ${this.stage.name} failed for good (up to ${ATTEMPTS} attempts), last on ${this.#quoted(reason)}` +
        `${more > 0 ? `; ${tasks(more)} more failed` : ''}. What is done stays: the same command tries the rest again`,
    );
  }
}

const tasks = (count: number) => `${count} ${count === 1 ? 'task' : 'tasks'}`;
