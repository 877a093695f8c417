/** @file The queue as the coordinator and the workers use it: BullMQ's queue, and beside it the orders that its tasks belong to. */
import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { QueueAddress } from './address.js';
import { connect, type Connection, type ConnectionOptions } from './connection.node.js';
import { taskId, type TaskMessage } from './messages.js';

/** How tasks wait, by number. */
export interface TaskCounts {
  /** Ready, or set aside until they are tried again. */
  waiting: number;
  /** With a worker. */
  active: number;
}

/** Attempts before a task counts as failed. */
export const ATTEMPTS = 5;
/** Milliseconds before the second attempt; each later pause is twice as long. */
const FIRST_PAUSE = 1000;
/** Tasks in one message to the server. */
const BULK = 1000;
/** Seconds that an order without a coordinator is kept, and that tasks which failed are. */
const KEPT = 30 * 24 * 3600;
/** Milliseconds after which a coordinator that says nothing counts as gone. */
const COORDINATOR_MS = 30_000;
/** Milliseconds between its signs of life. */
export const BEAT_MS = 2000;

export class TaskQueue {
  readonly #self = randomUUID();
  #beating: NodeJS.Timeout | undefined;
  /** The sign of life that is on its way: where the server is away, it waits for it. */
  #beat: Promise<void> | undefined;

  private constructor(
    readonly address: QueueAddress,
    readonly connection: Connection,
    readonly queue: Queue,
  ) {}

  /**
   * @param firstPause milliseconds before a task that failed is tried again; each later pause is twice as long
   * @throws InputError if the server cannot be used, or packages are missing
   */
  static async open(address: QueueAddress, options: ConnectionOptions, firstPause = FIRST_PAUSE): Promise<TaskQueue> {
    const connection = await connect(address, options);
    const queue = new connection.bull.Queue(address.name, {
      ...connection.options,
      defaultJobOptions: {
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: firstPause, jitter: 0.5 },
        removeOnComplete: true,
        removeOnFail: { age: KEPT, count: 10_000 },
        stackTraceLimit: 0,
      },
    });
    // The connection reports its own losses.
    queue.on('error', () => undefined);
    return new TaskQueue(address, connection, queue);
  }

  /** Makes an order known to workers. */
  async putOrder(id: string, text: string): Promise<void> {
    await this.connection.client.set(this.#orderKey(id), text, 'EX', String(KEPT));
  }

  /** The text of an order, if the server has it. */
  async order(id: string): Promise<string | undefined> {
    return (await this.connection.client.get(this.#orderKey(id))) ?? undefined;
  }

  /** Sends tasks; those that wait or run already stay as they are. */
  async submit(tasks: readonly TaskMessage[], signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < tasks.length; from += BULK) {
      signal?.throwIfAborted();
      await this.queue.addBulk(
        tasks.slice(from, from + BULK).map((data) => ({ name: 'task', data, opts: { jobId: taskId(data) } })),
      );
    }
  }

  /** The tasks of an order that failed for good, by name, with the reason. */
  async failed(order: string): Promise<Map<string, string>> {
    const { client } = this.connection;
    const names = await client.zrange(this.queue.toKey('failed'), '0', '-1');
    const own = names.filter((name) => name.startsWith(`${order}-`));
    const reasons = await Promise.all(own.map((name) => client.hget(this.queue.toKey(name), 'failedReason')));
    return new Map(own.map((name, i) => [name, reasons[i] ?? 'no reason is known']));
  }

  /** Removes failed tasks, so that they can be sent again. */
  async forget(names: Iterable<string>): Promise<void> {
    for (const name of names) await this.queue.remove(name);
  }

  async counts(): Promise<TaskCounts> {
    const { active = 0, ...others } = await this.queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized');
    return { active, waiting: Object.values(others).reduce((sum, count) => sum + count, 0) };
  }

  /** How many workers listen; undefined where the server does not tell. */
  async workers(): Promise<number | undefined> {
    return this.queue.getWorkersCount().catch(() => undefined);
  }

  /**
   * Says from now on, until `close`, that this coordinator waits for tasks or has more to send: workers that drain the queue stay as
   * long as one does.
   */
  async coordinate(): Promise<void> {
    await this.#sayAlive();
    this.#beating = setInterval(() => {
      this.#beat ??= this.#sayAlive()
        .catch(() => undefined)
        .finally(() => (this.#beat = undefined));
    }, BEAT_MS);
  }

  /** Coordinators that wait for tasks. */
  async coordinators(): Promise<number> {
    return this.connection.client.zcount(this.#coordinators, await this.#now(), '+inf');
  }

  async close(): Promise<void> {
    clearInterval(this.#beating);
    if (this.connection.client.status === 'ready') {
      await this.#beat;
      await this.connection.client.zrem(this.#coordinators, this.#self).catch(() => undefined);
    }
    await this.queue.close();
    await this.connection.close();
  }

  async #sayAlive(): Promise<void> {
    const { client } = this.connection;
    const now = await this.#now();
    await client.zadd(this.#coordinators, now + COORDINATOR_MS, this.#self);
    await client.zremrangebyscore(this.#coordinators, '-inf', now);
  }

  /** The time of the server, in milliseconds: clocks of machines differ. */
  async #now(): Promise<number> {
    const [seconds, micros] = await this.connection.client.time();
    return 1000 * Number(seconds) + Math.floor(Number(micros) / 1000);
  }

  #orderKey(id: string): string {
    return this.queue.toKey(`order-${id}`);
  }

  get #coordinators(): string {
    return this.queue.toKey('coordinators');
  }
}
