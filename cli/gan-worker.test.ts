/** @file gan-worker and --queue with a real server, real sampling and real explaining: whatever dies, the files are those of one process. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisProgram, startRedis, testCertificates, type TestServer } from '../fleet/redis.test.helper.js';
import { TestS3 } from '../fleet/storage/s3.test.helper.js';
import { encodePng } from '../inference/pictures/pictures.node.js';
import { spacePicture } from '../trainer/data/space/space.js';
import { ran } from './child.test.helper.js';
import { digestsBelow } from './digests.test.helper.js';
import { killAll, started, type Started } from './started.test.helper.js';

const tiny = fileURLToPath(new URL('../../fixtures/tiny/', import.meta.url));
const faults = new URL('./faults/inject.test.helper.js', import.meta.url).href;
/** Lets a process take the package for one of another version. */
const otherVersion = new URL('./faults/other-version.test.helper.js', import.meta.url).href;

const sampling = '--model generator.onnx --count 2500 --format npy --device cpu --out'.split(' ');
// The sixth of ten pictures is none.
const explaining = 'pictures --model discriminator.onnx --method gradcam --task-size 2 --device cpu --out'.split(' ');

let folder: string;
let expected: { sampled: Record<string, string>; explained: Record<string, string> };
const servers: TestServer[] = [];

/** A folder with models and pictures, a server, and commands that use both. */
async function scene(name: string) {
  const cwd = join(folder, name);
  await cp(join(folder, 'inputs'), cwd, { recursive: true, preserveTimestamps: true });
  const server = await startRedis();
  servers.push(server);
  const env = (queue: string) => ({ GANSCOPE_QUEUE: queue, REDIS_URL: server.url });
  return {
    cwd,
    server,
    sample: (queue = 'one') => started('gan-sample', [...sampling, 'fakes', '--queue'], { cwd, env: env(queue) }),
    explain: (queue = 'one') => started('gan-gradcam', [...explaining, 'maps', '--queue'], { cwd, env: env(queue) }),
    worker: (
      queue = 'one',
      more: { env?: Record<string, string>; nodeOptions?: readonly string[] } = {},
      ...options: readonly string[]
    ) =>
      started('gan-worker', ['--root', cwd, '--device', 'cpu', '--lease', '2', '--verbose', ...options], {
        cwd,
        ...more,
        env: { ...env(queue), ...more.env },
      }),
    /** Both commands end as they do alone, with the same files. */
    async expectSame(sampled: Started, explained: Started) {
      expect(await sampled.ended, sampled.text()).toBe(0);
      expect(await digestsBelow(join(cwd, 'fakes'))).toEqual(expected.sampled);
      expect(await explained.ended, explained.text()).toBe(3);
      expect(explained.text()).toMatch(/skipped 1 file:\n.*05\.png: expected a picture/);
      expect(await digestsBelow(join(cwd, 'maps'))).toEqual(expected.explained);
    },
  };
}

async function stop(...serving: readonly Started[]): Promise<void> {
  for (const { child } of serving) child.kill('SIGTERM');
  for (const each of serving) expect(await each.ended, each.text()).toBe(143);
}

describe.skipIf(!redisProgram)('a queue with a real server', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ganscope-worker-'));
    const inputs = join(folder, 'inputs');
    await mkdir(join(inputs, 'pictures'), { recursive: true });
    for (const name of ['generator.onnx', 'discriminator.onnx']) await cp(join(tiny, name), join(inputs, name));
    for (let i = 0; i < 10; i++) {
      const path = join(inputs, 'pictures', `0${i}.png`);
      await writeFile(path, i === 5 ? 'no picture' : await encodePng(spacePicture(32, 0, i)));
    }
    const cwd = join(folder, 'alone');
    await cp(inputs, cwd, { recursive: true, preserveTimestamps: true });
    const [one, two] = await Promise.all([
      ran('gan-sample', [...sampling, 'fakes'], cwd),
      ran('gan-gradcam', [...explaining, 'maps'], cwd),
    ]);
    expect([one.code, two.code], one.stderr + two.stderr).toEqual([0, 3]);
    expected = { sampled: await digestsBelow(join(cwd, 'fakes')), explained: await digestsBelow(join(cwd, 'maps')) };
    expect(Object.keys(expected.explained)).toContain('/results.jsonl');
  }, 60_000);
  afterAll(async () => {
    killAll();
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('survives a worker that is killed, and a server that is killed and comes back with its file', async () => {
    const { server, sample, explain, worker, expectSame } = await scene('killed');
    const [sampled, explained] = [sample(), explain()];
    // Both know the server before it is killed: a command that cannot reach any at its start ends.
    await Promise.all([sampled, explained].map((each) => each.until(/No worker listens to the queue one at redis:/)));
    const first = worker();
    await first.until(/: done/);
    first.child.kill('SIGKILL');
    const second = worker('one', {}, '--concurrency', '2');
    await second.until(/: done/);
    await server.restart('kept');
    await expectSame(sampled, explained);
    await stop(second);
  }, 120_000);

  it('survives a server that comes back empty', async () => {
    const { server, sample, explain, worker, expectSame } = await scene('empty');
    const [sampled, explained] = [sample(), explain()];
    await Promise.all([sampled, explained].map((each) => each.until(/No worker listens/)));
    const serving = worker();
    await serving.until(/: done/);
    await server.restart('empty');
    await expectSame(sampled, explained);
    await stop(serving);
  }, 120_000);

  it('does a task that two workers have at once, for two coordinators of one job', async () => {
    const { sample, explain, worker, expectSame } = await scene('twice');
    const [one, two] = [
      [sample(), explain()],
      [sample(), explain()],
    ] as const;
    const slow = worker();
    await slow.until(/: done/);
    // Longer than its lease: its task is given to the other one, and then it goes on with it.
    slow.child.kill('SIGSTOP');
    const other = worker();
    await other.until(/: done/);
    await sleep(3500);
    slow.child.kill('SIGCONT');
    await expectSame(...one);
    await expectSame(...two);
    await stop(slow, other);
  }, 120_000);

  it('refuses workers of another version, names them, and lets others do their tasks', async () => {
    const { sample, explain, worker, expectSame } = await scene('version');
    const [sampled, explained] = [sample(), explain()];
    await Promise.all([sampled, explained].map((each) => each.until(/No worker listens/)));
    // It takes all tasks at once, so that both commands hear of it.
    const other = worker('one', { nodeOptions: [`--import=${otherVersion}`] }, '--concurrency', '8');
    const refusal = /Worker [\w.-]+-\d+: job\.version: expected 0\.0\.1, as this package is; got \d/;
    await Promise.all([sampled.until(refusal), explained.until(refusal)]);
    const good = worker();
    await expectSame(sampled, explained);
    await stop(other, good);
  }, 120_000);

  it('refuses workers that have another model, and names it', async () => {
    const { cwd, sample, explain, worker, expectSame } = await scene('model');
    const [sampled, explained] = [sample('s'), explain('e')];
    await Promise.all([sampled, explained].map((each) => each.until(/No worker listens/)));
    await cp(join(tiny, 'discriminator.onnx'), join(cwd, 'generator.onnx'));
    await cp(join(tiny, 'generator.onnx'), join(cwd, 'discriminator.onnx'));
    const workers = [worker('s'), worker('e')];
    const refusal = /Worker \S+: .*\.onnx: expected the \w+ of the job, sha256 \w{64}; got \w{64}/;
    await Promise.all([sampled.until(refusal), explained.until(refusal)]);
    for (const name of ['generator.onnx', 'discriminator.onnx']) await cp(join(tiny, name), join(cwd, name));
    await expectSame(sampled, explained);
    await stop(...workers);
  }, 120_000);

  it('takes pictures and models from S3, and writes results there', async () => {
    const { cwd, server } = await scene('objects');
    const s3 = await TestS3.start();
    for (const name of await readdir(join(cwd, 'pictures')))
      s3.put(`pictures/${name}`, await readFile(join(cwd, 'pictures', name)));
    s3.put('discriminator.onnx', await readFile(join(cwd, 'discriminator.onnx')));
    const env = (cache: string) => ({ ...s3.env, GANSCOPE_CACHE: join(cwd, cache), REDIS_URL: server.url });
    const words = explaining.map((word) => word.replace(/^(pictures|discriminator\.onnx)$/, 's3://open/$1'));
    const local = started('gan-gradcam', [...words, 'maps'], { cwd, env: env('one') });
    expect(await local.ended, local.text()).toBe(3);
    const explained = started('gan-gradcam', [...words, 's3://open/maps', '--queue'], { cwd, env: env('one') });
    await explained.until(/No worker listens/);
    const roots = ['pictures', 'discriminator.onnx', 'maps'].flatMap((root) => ['--root', `s3://open/${root}`]);
    const serving = started('gan-worker', [...roots, '--drain', '--device', 'cpu'], { cwd, env: env('two') });
    expect([await explained.ended, await serving.ended], explained.text() + serving.text()).toEqual([3, 0]);
    await cp(join(cwd, 'maps'), join(cwd, 'objects'), { recursive: true });
    for (const [key, { bytes }] of s3.objects)
      if (key.startsWith('maps/')) await writeFile(join(cwd, 'objects', key.slice('maps/'.length)), bytes);
    expect(await digestsBelow(join(cwd, 'objects'))).toEqual(await digestsBelow(join(cwd, 'maps')));
    expect([...s3.objects.keys()].filter((key) => key.startsWith('maps/')).length).toBe(
      Object.keys(await digestsBelow(join(cwd, 'maps'))).length,
    );
    await s3.stop();
  }, 120_000);

  it('never prints or stores a password, with TLS where there is openssl', async () => {
    const secret = 'hunter2';
    const { cwd } = await scene('password');
    const certificates = testCertificates(folder);
    const server = await startRedis(['--requirepass', secret], certificates);
    servers.push(server);
    const env = { REDIS_URL: server.url, NODE_EXTRA_CA_CERTS: certificates?.authority ?? '' };
    const run = (command: 'gan-sample' | 'gan-worker', words: string, more = {}) =>
      started(command, [...words.split(' '), '--verbose'], { cwd, env: { ...env, ...more } });
    // Found before there is talk of a model.
    const wrong = server.url.replace('//', '//:wrong-hunter2@');
    const refused = run('gan-sample', `--model none.onnx --format npy --queue ${wrong}`);
    const line = `gan-sample: --queue: expected a server at ${server.url}; got it refuses user or password\n`;
    expect(await refused.outcome).toEqual({ code: 2, stdout: '', stderr: line });
    const sampled = run('gan-sample', '--model generator.onnx --format npy --queue', { REDIS_PASSWORD: secret });
    await sampled.until(/No worker listens/);
    const serving = run('gan-worker', '--root . --drain', { REDIS_PASSWORD: secret });
    expect([await sampled.ended, await serving.ended], sampled.text() + serving.text()).toEqual([0, 0]);
    expect(sampled.text() + serving.text()).not.toMatch(/hunter2|DeprecationWarning/);
    expect(server.stored()).toContain('gan-sample');
    expect(server.stored()).not.toContain(secret);
    for (const name of await readdir(join(cwd, 'samples')))
      expect(await readFile(join(cwd, 'samples', name), 'latin1')).not.toContain(secret);
  }, 120_000);

  it('gives tasks of a worker whose disk is full to others', async () => {
    const { sample, explain, worker, expectSame } = await scene('full');
    const [sampled, explained] = [sample('s'), explain('e')];
    const full = { env: { GANSCOPE_FAULT: 'ENOSPC:4' }, nodeOptions: [`--import=${faults}`] };
    const workers = [worker('s', full), worker('e', full)];
    await Promise.all([sampled, explained].map((each) => each.until(/Worker \S+: .*ENOSPC/)));
    workers.push(worker('s'), worker('e'));
    await expectSame(sampled, explained);
    await stop(...workers);
  }, 120_000);
});
