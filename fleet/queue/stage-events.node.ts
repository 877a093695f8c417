/** @file What happens to the tasks of one stage, as the server tells it. Events may be lost; the coordinator looks again. */
import { EventEmitter, once } from 'node:events';
import type { QueueEvents } from 'bullmq';
import { parsedAnswer, parsedTaskId, type WorkerAnswer } from './messages.js';
import { settled } from './connection.node.js';
import type { RedisClient } from './packages.node.js';
import type { TaskQueue } from './task-queue.node.js';

export interface StageNews {
  /** Tasks that a worker says are done, with its name. */
  finished: Map<number, string>;
  /** Tasks that will not be tried again, with the reason. */
  failed: Map<number, string>;
  /** Attempts that failed. */
  problems: WorkerAnswer[];
}

/** Problems that are kept until they are read. */
const MOST_PROBLEMS = 1000;
const MOST_REASON = 2000;

export class StageEvents {
  #news: StageNews = { finished: new Map(), failed: new Map(), problems: [] };
  readonly #arrivals = new EventEmitter();

  private constructor(
    private readonly events: QueueEvents,
    private readonly client: RedisClient,
  ) {}

  static async open(queue: TaskQueue, order: string, stage: string): Promise<StageEvents> {
    const { bull, client, options } = queue.connection;
    // Waiting for events blocks a connection.
    const own = client.duplicate({ lazyConnect: false });
    own.on('error', () => undefined);
    // From the newest one on: those that come before the first read count too.
    const [newest] = await client.xrevrange(queue.queue.toKey('events'), '+', '-', 'COUNT', '1');
    const lastEventId = newest?.[0] ?? '0-0';
    const events = new bull.QueueEvents(queue.address.name, { ...options, connection: own, lastEventId });
    events.on('error', () => undefined);
    const self = new StageEvents(events, own);
    const taskOf = (id: string) => {
      const named = parsedTaskId(id);
      return named?.order === order && named.stage === stage ? named.task : undefined;
    };
    events.on('completed', ({ jobId, returnvalue }) => {
      const task = taskOf(jobId);
      if (task === undefined) return;
      self.#news.finished.set(task, parsedAnswer(returnvalue)?.worker ?? 'a worker');
      self.#arrivals.emit('news');
    });
    events.on('failed', ({ jobId, failedReason }) => {
      const task = taskOf(jobId);
      if (task === undefined) return;
      self.#news.failed.set(task, String(failedReason).slice(0, MOST_REASON));
      self.#arrivals.emit('news');
    });
    events.on('progress', ({ jobId, data }) => {
      const answer = parsedAnswer(data);
      if (taskOf(jobId) === undefined || answer?.problem === undefined) return;
      if (self.#news.problems.length < MOST_PROBLEMS) self.#news.problems.push(answer);
      self.#arrivals.emit('news');
    });
    await events.waitUntilReady();
    return self;
  }

  /** Waits for news, at most so many milliseconds. */
  async some(milliseconds: number, signal?: AbortSignal): Promise<void> {
    const { finished, failed, problems } = this.#news;
    if (finished.size + failed.size + problems.length > 0) return;
    const limit = AbortSignal.timeout(milliseconds);
    await once(this.#arrivals, 'news', { signal: signal ? AbortSignal.any([signal, limit]) : limit }).catch(
      () => undefined,
    );
  }

  /** What is new since the last call. */
  take(): StageNews {
    const news = this.#news;
    this.#news = { finished: new Map(), failed: new Map(), problems: [] };
    return news;
  }

  async close(): Promise<void> {
    await settled(this.client);
    await this.events.close().catch(() => undefined);
    this.client.disconnect();
  }
}
