/** @file Shares of a job by several processes at once: together they write what one writes. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisProgram, startRedis } from '../fleet/redis.test.helper.js';
import { toyGenerator } from '../inference/networks/generator.test.helper.js';
import { float32Tensor, GraphBuilder, modelOfGraph } from '../onnx/index.js';
import { saveModel } from '../onnx/index.js';
import type { Outcome } from './child.test.helper.js';
import { digestsBelow } from './digests.test.helper.js';
import { started, type Started } from './started.test.helper.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-shares-'));
  await saveModel(join(folder, 'generator.onnx'), toyGenerator({ size: 8 }));
  await saveModel(join(folder, 'discriminator.onnx'), brightness());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Takes bright pictures for real; many have the same score. */
function brightness() {
  const b = new GraphBuilder();
  const mean = b.reduceMean(b.input('image', 'float32', ['batch', 3, 8, 8]), [2, 3], false);
  const few = b.op('Round', [b.mul(mean, b.initializer('eight', float32Tensor([8], [1])))]);
  b.output(b.matMul(few, b.initializer('w', float32Tensor([1, 1, 1], [3, 1]))), 'logit');
  return modelOfGraph(b.graph);
}

/** Lines that a slow machine prints every ten seconds. */
const PROGRESS = /^.* \| .* left\n/gm;

type Variables = Readonly<Record<string, string>>;

const begun = (options: readonly string[], env: Variables = {}) =>
  started('gan-sample', ['--model', 'generator.onnx', '--device', 'cpu', ...options], { cwd: folder, env });
async function sampled(options: readonly string[], env?: Variables): Promise<Outcome> {
  const { stderr, ...rest } = await begun(options, env).outcome;
  return { ...rest, stderr: stderr.replaceAll(PROGRESS, '') };
}
const digests = (name: string) => digestsBelow(join(folder, name));

/** Kills a command with -9 once a result is in its folder. */
async function killedAfterFirst({ child, untilFile, ended }: Started, name: string): Promise<void> {
  await untilFile(join(folder, name), /^\d/);
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
}

const JOBS = {
  npy: ['--count', '5500', '--format', 'npy'],
  png: ['--count', '2200', '--format', 'png'],
  zip: ['--seeds', '7,3-2200', '--format', 'zip'],
  ranked: ['--count', '5500', '--sort', 'score', '--keep', '2500', '--format', 'npy'],
  'all ranked': ['--count', '2200', '--sort', 'score', '--format', 'webp'],
} as const;

describe('gan-sample --shard I/N', () => {
  it.each(Object.entries(JOBS))('%s by three processes at once is what one process writes', async (title, options) => {
    const name = title.replace(' ', '-');
    const job = (out: string) => [...options, '--out', out, '--save-latents', `${out}.npy`];
    expect(await sampled(job(`${name}-whole`))).toMatchObject({ code: 0 });
    const shares = await Promise.all(['0/3', '1/3', '2/3'].map((share) => sampled([...job(name), '--shard', share])));
    expect(shares.map(({ code, stderr }) => ({ code, stderr }))).toEqual(shares.map(() => ({ code: 0, stderr: '' })));
    expect(shares.filter(({ stdout }) => stdout.includes(`  ${name}\n`)).length).toBeGreaterThan(0);
    expect(await digests(name)).toEqual(await digests(`${name}-whole`));
    const [latents, all] = [`${name}.npy`, `${name}-whole.npy`].map((file) => readFile(join(folder, file)));
    expect(await latents).toEqual(await all);
  });

  it.skipIf(!redisProgram)(
    'a ranking by a worker of a queue is what one process writes',
    async () => {
      const server = await startRedis();
      const env = { REDIS_URL: server.url };
      const queued = begun([...JOBS.ranked, '--out', 'queued', '--save-latents', 'queued.npy', '--queue'], env);
      await queued.until(/No worker listens/);
      const serving = started('gan-worker', '--root . --drain --concurrency 2'.split(' '), { cwd: folder, env });
      expect([await queued.ended, await serving.ended], queued.text() + serving.text()).toEqual([0, 0]);
      expect(await digests('queued')).toEqual(await digests('ranked-whole'));
      expect(await readFile(join(folder, 'queued.npy'))).toEqual(await readFile(join(folder, 'ranked-whole.npy')));
      await server.stop();
    },
    120_000,
  );

  it('says what other shares lack; the last one completes the job', async () => {
    const job = [...JOBS.npy, '--out', 'parts', '--save-latents', 'parts.npy'];
    const first = await sampled([...job, '--shard', '2/3']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('This share is done. Other shares lack 4 of 6 tasks: 0–1, 3–4.');
    expect(first.stdout).toContain('so does --merge.');
    const merge = await sampled([...job, '--merge']);
    expect(merge).toMatchObject({
      code: 2,
      stderr: 'gan-sample: --merge: expected the results of all 6 tasks; got no result of 4 tasks: 0–1, 3–4\n',
    });
    await sampled([...job, '--shard', '0/3']);
    await expect(stat(join(folder, 'parts.npy'))).rejects.toThrow(/ENOENT/);
    const last = await sampled([...job, '--shard', '1/3']);
    expect(last.stdout).toMatch(/ {2}parts\n$/);
    await rm(join(folder, 'parts.npy'));
    expect(await sampled([...job, '--merge'])).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, 'parts.npy'))).toEqual(await readFile(join(folder, 'npy-whole.npy')));
    expect(await digests('parts')).toEqual(await digests('npy-whole'));
  });

  it.each(['npy', 'png'] as const)('%s: a killed share is started again, to the same bytes', async (format) => {
    const job = [...JOBS[format], '--out', `killed-${format}`];
    await killedAfterFirst(begun([...job, '--shard', '0/2']), `killed-${format}`);
    await Promise.all([sampled([...job, '--shard', '1/2']), sampled([...job, '--shard', '0/2'])]);
    expect(await digests(`killed-${format}`)).toEqual(await digests(`${format}-whole`));
  });

  it('the same share twice at once gives the same bytes', async () => {
    const job = [...JOBS.png, '--out', 'twice', '--shard', '0/1'];
    const both = await Promise.all([sampled(job), sampled(job)]);
    expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual(both.map(() => ({ code: 0, stderr: '' })));
    expect(await digests('twice')).toEqual(await digests('png-whole'));
  });

  it('refuses a folder with another job or with files of others, and names the difference', async () => {
    const other = await sampled(['--count', '5600', '--format', 'npy', '--out', 'npy', '--shard', '0/2']);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(
      /^gan-sample: --out: expected the job of npy\/sampling\.json, where latents is "seeds:0-5499"; got "seeds:0-5599"\n$/,
    );
    const overwrite = await sampled([...JOBS.npy, '--out', 'fresh', '--shard', '0/2', '--overwrite']);
    expect(overwrite).toMatchObject({
      code: 2,
      stderr: 'gan-sample: --overwrite: expected not to be used where several processes fill a folder\n',
    });
    await saveModel(join(folder, 'theirs', 'x.onnx'), toyGenerator({ size: 8 }));
    const theirs = await sampled([...JOBS.npy, '--out', 'theirs', '--shard', '0/2']);
    expect(theirs.stderr).toMatch(
      /^gan-sample: --out: expected a new or empty folder, .*; got theirs with "x\.onnx"\n$/,
    );
    expect(await sampled(['--count', '4', '--shard', '0/2'])).toMatchObject({
      code: 2,
      stderr: 'gan-sample: --shard: expected to be used with --format\n',
    });
    expect(await sampled([...JOBS.npy, '--out', 'x', '--shard', '0/2', '--merge'])).toMatchObject({
      code: 2,
      stderr: 'gan-sample: --merge and --shard cannot be combined\n',
    });
  });
});

describe('gan-sample under a scheduler', () => {
  const slurm = (id: number): Variables => ({
    SLURM_ARRAY_TASK_ID: `${id}`,
    SLURM_ARRAY_TASK_COUNT: '2',
    SLURM_ARRAY_TASK_MIN: '4',
  });

  it('takes its share from a Slurm array, and says so', async () => {
    const job = [...JOBS.npy, '--out', 'array'];
    const all = await Promise.all([4, 5].map((id) => sampled(job, slurm(id))));
    all.forEach(({ code, stdout }, index) => {
      expect(code).toBe(0);
      expect(stdout).toContain(
        `Share ${index} of 2, counted from 0 (from SLURM_ARRAY_TASK_ID; change it with --shard I/N)\n`,
      );
    });
    expect(await digests('array')).toEqual(await digests('npy-whole'));
    const grid = await sampled(['--count', '4', '--out', 'one.png'], slurm(4));
    expect(grid.code).toBe(0);
    expect(grid.stdout).toContain('this work has no parts to share (only with --format): this process does all of it.');
  });

  it('takes its share of the number that is given from an Indexed Job of Kubernetes', async () => {
    const job = [...JOBS.npy, '--out', 'indexed'];
    const pods = [0, 1].map((index) => sampled([...job, '--shard', '/2'], { JOB_COMPLETION_INDEX: `${index}` }));
    expect((await Promise.all(pods)).map(({ code }) => code)).toEqual([0, 0]);
    expect(await digests('indexed')).toEqual(await digests('npy-whole'));
    const alone = await sampled([...job, '--resume'], { JOB_COMPLETION_INDEX: '0' });
    expect(alone.stdout).toContain(
      'JOB_COMPLETION_INDEX is set: with --shard /N each process would do its share of N.',
    );
  });
});

describe('gan-sample --resume', () => {
  it.each(['npy', 'png', 'ranked'] as const)('%s goes on after kill -9, to the same bytes', async (title) => {
    const name = `again-${title}`;
    const job = [...JOBS[title], '--out', name, '--save-latents', `${name}.npy`];
    await killedAfterFirst(begun(job), name);
    expect(await sampled([...job, '--resume'])).toMatchObject({ code: 0, stderr: '' });
    expect(await digests(name)).toEqual(await digests(`${title}-whole`));
    expect(await readFile(join(folder, `${name}.npy`))).toEqual(await readFile(join(folder, `${title}-whole.npy`)));
  });

  it('goes on after a signal, which ends the command with its exit code', async () => {
    const job = ['--count', '20000', '--format', 'npy', '--out', 'signal'];
    const { child, outcome, untilFile } = begun(job);
    await untilFile(join(folder, 'signal'), /^00000\.npy$/);
    child.kill('SIGTERM');
    const stopped = await outcome;
    expect(stopped.code).toBe(143);
    const [, done] =
      /Stopped after (\d+) of 20000 pictures; the same command with --resume continues\./.exec(stopped.stdout) ?? [];
    const names = (await readdir(join(folder, 'signal'))).filter((name) => name.endsWith('.npy'));
    expect(Number(done)).toBe(1000 * names.length);
    await writeFile(join(folder, 'signal', '00019.npy'), await readFile(join(folder, 'signal', '00000.npy')));
    const more = await sampled([...job, '--resume', '--jsonl']);
    expect(more.code).toBe(0);
    expect(more.stdout.trimEnd().split('\n')).toHaveLength(20_000 - Number(done) - 1000);
  });
});
