/** @file `npm run bench:fleet`: what a queue costs per task, how many tasks it takes per second, and how workers add up on this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { queueAddress } from '../../fleet/queue/address.js';
import { runQueued } from '../../fleet/queue/coordinate.node.js';
import { TaskQueue } from '../../fleet/queue/task-queue.node.js';
import { redisProgram, startRedis } from '../../fleet/redis.test.helper.js';
import { serveQueue } from '../../fleet/worker/serve.node.js';
import type { TaskJob } from '../../inference/tasks/job.js';
import { jobId, type JobSpec } from '../../inference/tasks/spec.node.js';
import { packageVersion } from '../../inference/tasks/version.node.js';
import { machine, markdownTable } from '../timing.js';

const EMPTY_TASKS = 3000;
const SUBMITTED = 100_000;
const PICTURES = 8000;
const WORKERS = [1, 2, 4];

if (!redisProgram) throw new Error('needs redis-server or valkey-server');
const server = await startRedis(['--appendfsync', 'everysec']);
const folder = mkdtempSync(join(tmpdir(), 'ganscope-bench-fleet-'));
const quiet = { note: () => {}, warn: () => {}, detail: () => {} };
const address = (name: string) => queueAddress(server.url, { GANSCOPE_QUEUE: name });

/** A job whose tasks do nothing: what is left is the queue. */
function emptyJob(count: number): TaskJob {
  const done = new Set<number>();
  const spec: JobSpec = {
    command: 'gan-sample',
    version: packageVersion(),
    options: { count },
    files: [],
    outputs: {},
  };
  const stage = {
    name: 'empty',
    tasks: async () => count,
    size: () => 1,
    missing: async () => Array.from({ length: count }, (_, task) => task).filter((task) => !done.has(task)),
    done: async (task: number) => done.has(task),
    run: async (task: number) => void done.add(task),
  };
  return { id: jobId(spec), spec, stages: [stage], finish: async () => undefined, dispose: async () => {} };
}

/** Seconds that something takes. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function emptyTasks(): Promise<number> {
  const job = emptyJob(EMPTY_TASKS);
  const stop = new AbortController();
  const options = { ...quiet, concurrency: 1, drain: false, lease: 30, signal: stop.signal, open: async () => job };
  const serving = serveQueue(address('empty'), options);
  const taken = await seconds(() => runQueued(job, address('empty'), quiet));
  stop.abort();
  await serving;
  return taken;
}

/** @returns seconds to send many tasks, and the server's bytes for each */
async function submission(): Promise<{ taken: number; bytes: number }> {
  const queue = await TaskQueue.open(address('submitted'), quiet);
  const used = async () => Number(/used_memory:(\d+)/.exec(await queue.connection.client.info('memory'))?.[1]);
  const before = await used();
  const tasks = Array.from({ length: SUBMITTED }, (_, task) => ({ order: 'a'.repeat(64), stage: 'empty', task }));
  const taken = await seconds(() => queue.submit(tasks));
  const bytes = ((await used()) - before) / SUBMITTED;
  await queue.queue.obliterate({ force: true });
  await queue.close();
  return { taken, bytes };
}

/** Seconds of gan-sample with so many workers, each of which is there before it begins; 0: in its own process. */
async function sampling(workers: number): Promise<number> {
  const script = (name: string) => fileURLToPath(new URL(`../../cli/${name}.js`, import.meta.url));
  const env = { ...process.env, REDIS_URL: server.url, GANSCOPE_QUEUE: `with-${workers}` };
  const model = fileURLToPath(new URL('../../../fixtures/tiny/generator.onnx', import.meta.url));
  const root = fileURLToPath(new URL('../../../fixtures/tiny', import.meta.url));
  const serving = Array.from({ length: workers }, () => {
    const words = [script('gan-worker'), '--root', folder, '--root', root, '--device', 'cpu'];
    return spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  });
  await Promise.all(serving.map((each) => once(each.stdout, 'data')));
  const out = join(folder, `fakes-${workers}`);
  const words = [script('gan-sample'), '--model', model, '--count', `${PICTURES}`, '--format', 'npy', '--out', out];
  const taken = await seconds(async () => {
    const engine = workers > 0 ? ['--queue'] : [];
    const child = spawn(process.execPath, [...words, '--device', 'cpu', ...engine], { env, stdio: 'ignore' });
    const [code] = (await once(child, 'exit')) as [number];
    if (code !== 0) throw new Error(`gan-sample: exit code ${code}`);
  });
  const ends = serving.map((each) => once(each, 'exit'));
  for (const each of serving) each.kill('SIGTERM');
  await Promise.all(ends);
  return taken;
}

try {
  const empty = await emptyTasks();
  const { taken, bytes } = await submission();
  console.log(`${machine()}, Redis with its file synced once per second\n`);
  console.log(
    markdownTable(
      ['queue', 'value'],
      [
        ['overhead per task (one worker, tasks that do nothing)', `${((1000 * empty) / EMPTY_TASKS).toFixed(2)} ms`],
        ['tasks done per second', (EMPTY_TASKS / empty).toFixed(0)],
        ['tasks submitted per second', (SUBMITTED / taken).toFixed(0)],
        ["server's memory per waiting task", `${bytes.toFixed(0)} bytes`],
      ],
    ),
  );
  const rows: string[][] = [];
  for (const workers of [0, ...WORKERS]) {
    const time = await sampling(workers);
    rows.push([workers === 0 ? 'no queue' : `${workers}`, time.toFixed(1), (PICTURES / time).toFixed(0)]);
  }
  console.log(`\n\`gan-sample --count ${PICTURES}\`, 32×32, one task per 1000 pictures:\n`);
  console.log(markdownTable(['workers', 's', 'pictures/s'], rows));
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
