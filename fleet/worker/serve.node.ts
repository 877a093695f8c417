/** @file A worker: takes tasks from a queue, one after the other or several at once, until it is told to stop. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { InputError, printable } from '../../onnx/errors.js';
import { shownText } from '../../inference/files/copies.node.js';
import type { TaskJob } from '../../inference/tasks/job.js';
import type { JobSpec } from '../../inference/tasks/spec.node.js';
import type { QueueAddress } from '../queue/address.js';
import { settled, type Connection, type ConnectionMessages } from '../queue/connection.node.js';
import { parsedOrder, parsedTask, type TaskMessage, type WorkerAnswer } from '../queue/messages.js';
import { TaskQueue } from '../queue/task-queue.node.js';
import { OpenJobs } from './open-jobs.js';
import { Rest } from './rest.js';

export interface WorkerOptions extends ConnectionMessages {
  /** Opens the job of an order, and refuses what this worker may not or cannot do. */
  open(spec: JobSpec): Promise<TaskJob>;
  /** Tasks at the same time. */
  concurrency: number;
  /** Ends when no task is left and no coordinator waits. */
  drain: boolean;
  /** Seconds after which the tasks of a worker that is gone are given to others. */
  lease: number;
  /** Ends the worker once its tasks are done. */
  signal?: AbortSignal | undefined;
  /** Details, such as each task that is done. */
  detail(text: string): void;
  /** What its lines are signed with. */
  name?: string;
  /** Milliseconds without a new task after one failed; twice as long after each further failure in a row. */
  firstRest?: number;
  /** The line of an error. */
  messageOf?(error: Error): string;
}

export interface WorkerOutcome {
  done: number;
  failed: number;
}

/** Jobs that stay open. */
const MOST_JOBS = 2;
/** Milliseconds between looks at an empty queue, and how often it must be seen empty in a row. */
const DRAIN_MS = 500;
const DRAIN_LOOKS = 2;
/** A task may be taken from workers that are gone as often as that: each may be lost many times in a long job. */
const MOST_STALLS = 1_000_000;

/** A name for this process among all workers. */
export function workerName(): string {
  return `${hostname()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 60)}-${process.pid}`;
}

/**
 * Serves a queue.
 * @returns once the queue is empty, with `drain`, or the signal is aborted and the running tasks are done
 * @throws InputError if the server cannot be used
 */
export async function serveQueue(address: QueueAddress, options: WorkerOptions): Promise<WorkerOutcome> {
  const { concurrency, drain, lease, signal, note } = options;
  const name = options.name ?? workerName();
  const queue = await TaskQueue.open(address, options);
  const { bull, client, options: connection, unlessEnded } = queue.connection;
  const outcome: WorkerOutcome = { done: 0, failed: 0 };
  const jobs = new OpenJobs(async (order) => {
    const text = await unlessEnded(queue.order(order));
    if (text === undefined)
      throw new InputError({ name: 'job', expected: 'an order that the queue knows', got: order });
    return options.open(parsedOrder(text, order));
  }, MOST_JOBS);
  const rest = new Rest((resting) => {
    if (resting) void worker.pause(true);
    else void worker.resume();
  }, options.firstRest);
  const tasks = new TaskRunner(jobs, rest, name, options, outcome, bull.UnrecoverableError, unlessEnded);
  // BullMQ waits for tasks with a second connection like this one.
  const worker = new bull.Worker<unknown, WorkerAnswer>(address.name, (job) => tasks.run(job), {
    ...connection,
    connection: client,
    name,
    autorun: false,
    concurrency,
    lockDuration: 1000 * lease,
    stalledInterval: 1000 * lease,
    maxStalledCount: MOST_STALLS,
    drainDelay: 2,
  });
  worker.on('error', (error) => options.detail(printable(error.message)));
  // Told again at each renewal for as long as the task runs here.
  const lost = new Set<string>();
  worker.on('lockRenewalFailed', (ids) => {
    const fresh = ids.filter((id) => !lost.has(id));
    for (const id of fresh) lost.add(id);
    if (fresh.length > 0) options.warn(`tasks lost to other workers: ${fresh.length}`);
  });
  // A rest ends the loop inside, and `resume` begins it anew: only its failure counts.
  const broken = new Promise<never>((_, reject) => worker.run().catch(reject));
  try {
    await unlessEnded(worker.waitUntilReady());
    note(`Worker ${name} serves the queue ${address.name} at ${address.shown}.`);
    await Promise.race([broken, untilStopped(signal), ...(drain ? [untilEmpty(queue, tasks, signal)] : [])]);
  } catch (error) {
    // Where the server is away, what was asked of it fails then.
    if (!signal?.aborted) throw error;
  } finally {
    rest.end();
    const isThere = await settled(client);
    // BullMQ waits for the tasks that run, and to tell the server of them.
    if (!isThere) await tasks.idle();
    await worker.close(!isThere);
    await jobs.dispose();
    await queue.close();
  }
  return outcome;
}

/** What the worker does with each task. */
class TaskRunner {
  /** Tasks that run now. */
  running = 0;

  constructor(
    private readonly jobs: OpenJobs,
    private readonly rest: Rest,
    private readonly name: string,
    private readonly options: WorkerOptions,
    private readonly outcome: WorkerOutcome,
    private readonly Final: new (message: string) => Error,
    private readonly unlessEnded: Connection['unlessEnded'],
  ) {}

  /** @throws Error with the worker's name and one line; a final one for what no worker can do */
  async run(job: Job<unknown, WorkerAnswer>): Promise<WorkerAnswer> {
    const { name, options, outcome } = this;
    this.running++;
    let readable = false;
    try {
      const message = parsedTask(job.data);
      readable = true;
      await this.jobs.with(message.order, (opened) => this.#do(message, opened));
      this.rest.succeeded();
      outcome.done++;
      options.detail(`${message.stage} ${message.task}: done`);
      return { worker: name };
    } catch (error) {
      outcome.failed++;
      this.rest.failed();
      const problem = this.#lineOf(error);
      options.warn(`a task failed: ${problem}`);
      await this.unlessEnded(job.updateProgress({ worker: name, problem })).catch(() => undefined);
      const Thrown = readable ? Error : this.Final;
      throw new Thrown(`${name}: ${problem}`);
    } finally {
      this.running--;
    }
  }

  /** Waits until no task runs. */
  async idle(): Promise<void> {
    while (this.running > 0) await sleep(DRAIN_MS);
  }

  async #do({ stage: wanted, task }: TaskMessage, job: TaskJob): Promise<void> {
    const stage = job.stages.find(({ name }) => name === wanted);
    const names = job.stages.map(({ name }) => name).join(', ');
    if (!stage) throw new InputError({ name: 'task', expected: `a stage of the job: ${names}`, got: wanted });
    const count = await stage.tasks();
    if (task >= count) throw new InputError({ name: 'task', expected: `one of ${count} of ${wanted}`, got: task });
    if (!(await stage.done(task))) await stage.run(task, {});
  }

  #lineOf(error: unknown): string {
    return shownText(this.#ownLineOf(error));
  }

  #ownLineOf(error: unknown): string {
    if (!(error instanceof Error)) return printable(String(error));
    const { syscall, path, code } = error as NodeJS.ErrnoException;
    if (syscall !== undefined) return printable(`${path === undefined ? '' : `${path}: `}${error.message} (${code})`);
    return printable(error.name === 'InputError' ? (this.options.messageOf?.(error) ?? error.message) : String(error));
  }
}

function untilStopped(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Waits until no task waits or runs, here or elsewhere, and no coordinator is there to send more. */
async function untilEmpty(queue: TaskQueue, tasks: TaskRunner, signal: AbortSignal | undefined): Promise<void> {
  for (let empty = 0; empty < DRAIN_LOOKS && !signal?.aborted;) {
    const { waiting, active } = await queue.counts();
    const left = waiting + active + tasks.running + (await queue.coordinators());
    empty = left === 0 ? empty + 1 : 0;
    await sleep(DRAIN_MS);
  }
}
