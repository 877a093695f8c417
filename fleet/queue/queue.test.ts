import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { redisProgram, startRedis, type TestServer } from '../redis.test.helper.js';
import { openToy, toySpec } from '../toy-job.test.helper.js';
import { serveQueue, type WorkerOptions } from '../worker/serve.node.js';
import { queueAddress } from './address.js';
import { runQueued } from './coordinate.node.js';
import { BEAT_MS, TaskQueue } from './task-queue.node.js';

const folder = mkdtempSync(join(tmpdir(), 'ganscope-queue-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let number = 0;
const newFolder = () => join(folder, String(number++));

describe.skipIf(!redisProgram)('runQueued and serveQueue, with a real server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  const lines: string[] = [];
  const messages = { note: (text: string) => lines.push(text), warn: (text: string) => lines.push(text) };
  const address = (queue: string) => queueAddress(server.url, { GANSCOPE_QUEUE: queue });

  /** A worker in this process. */
  function worker(queue: string, options: Partial<WorkerOptions> = {}) {
    const stop = new AbortController();
    const ended = serveQueue(address(queue), {
      ...messages,
      detail: () => {},
      concurrency: 2,
      drain: false,
      lease: 2,
      signal: stop.signal,
      name: 'one',
      firstRest: 20,
      open: (spec) => openToy(spec),
      ...options,
    });
    return {
      ended,
      stop: () => {
        stop.abort();
        return ended;
      },
    };
  }

  it('runs every task once, and tells how far it is', async () => {
    const out = newFolder();
    const spec = toySpec(out, 100);
    const ran: number[] = [];
    const seen: number[][] = [];
    const serving = worker('all', { open: (each) => openToy(each, (task) => ran.push(task)) });
    await runQueued(await openToy(spec), address('all'), {
      ...messages,
      progress: (...[done, total]) => seen.push([done, total]),
    });
    expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(readdirSync(out)).toHaveLength(100);
    expect(seen.at(0)).toEqual([0, 1000]);
    expect(seen.at(-1)).toEqual([1000, 1000]);
    expect(await serving.stop()).toEqual({ done: 100, failed: 0 });
  });

  it('ends with the task that failed for good, and its reason', async () => {
    const spec = toySpec(newFolder(), 3, { fails: 1 });
    const serving = worker('failing');
    await expect(runQueued(await openToy(spec), address('failing'), { ...messages, firstPause: 20 })).rejects.toThrow(
      /^task 1 of files failed for good \(up to 5 attempts\), last on one: `fails`: expected another task; got 1\. What is done/,
    );
    expect(lines).toContain('Worker one: `fails`: expected another task; got 1');
    await serving.stop();
  }, 60_000);

  it('stop while the server is away, once the tasks that run are done', async () => {
    const own = await startRedis();
    const at = (queue: string) => queueAddress(own.url, { GANSCOPE_QUEUE: queue });
    const told: string[] = [];
    const both = { note: (text: string) => void told.push(text), warn: (text: string) => void told.push(text) };
    const stop = new AbortController();
    const { signal } = stop;
    const waiting = runQueued(await openToy(toySpec(newFolder(), 3)), at('alone'), { ...both, signal });
    const left = expect(waiting).rejects.toThrow('enough');
    const out = newFolder();
    let [began, serves] = [false, 0];
    const serving = ['busy', 'idle'].map((queue) =>
      serveQueue(at(queue), {
        ...both,
        note: () => serves++,
        detail: () => {},
        concurrency: 2,
        drain: false,
        lease: 2,
        name: queue,
        firstRest: 20,
        signal,
        open: (spec) => openToy(spec, () => (began = true)),
      }),
    );
    const sent = runQueued(await openToy(toySpec(out, 1, { milliseconds: 3000 })), at('busy'), { ...both, signal });
    const alsoLeft = expect(sent).rejects.toThrow('enough');
    await vi.waitFor(
      () => expect([began, serves, told.some((line) => /No worker/.test(line))]).toEqual([true, 2, true]),
      9000,
    );
    await own.stop();
    await vi.waitFor(() => expect(told.filter((line) => /is lost; trying again/.test(line))).toHaveLength(4), 9000);
    stop.abort(new Error('enough'));
    await Promise.all([left, alsoLeft]);
    expect(await Promise.all(serving)).toEqual([
      { done: 1, failed: 0 },
      { done: 0, failed: 0 },
    ]);
    expect(readdirSync(out)).toEqual(['0.txt']);
    expect(told.filter((line) => line.startsWith('3 tasks stay in the queue'))).toHaveLength(1);
  }, 60_000);

  it('counts a coordinator from before it looks for missing results on, by the clock of the server', async () => {
    const queue = await TaskQueue.open(address('clocks'), messages);
    const clock = vi.spyOn(Date, 'now');
    try {
      const job = await openToy(toySpec(newFolder(), 1));
      const stage = job.stages[0]!;
      const counts: number[] = [];
      const looking = async () => {
        counts.push(await queue.coordinators());
        // The clock of this machine is ahead of the coordinator's.
        clock.mockReturnValue(Date.now() + 60_000);
        counts.push(await queue.coordinators());
        clock.mockRestore();
        // It is said again and again: a server that comes back empty knows it soon.
        await queue.connection.client.del(queue.queue.toKey('coordinators'));
        await vi.waitFor(async () => expect(await queue.coordinators()).toBe(1), 3 * BEAT_MS);
        return [];
      };
      await runQueued({ ...job, stages: [{ ...stage, missing: looking }] }, address('clocks'), messages);
      expect(counts).toEqual([1, 1]);
      expect(await queue.coordinators()).toBe(0);
    } finally {
      clock.mockRestore();
      await queue.close();
    }
  });
});
