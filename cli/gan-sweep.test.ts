/** @file Sweeps as users run them: failed runs, kills in the middle, the same results. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisProgram, startRedis, type TestServer } from '../fleet/redis.test.helper.js';
import { encodePng } from '../inference/pictures/pictures.node.js';
import { spacePicture } from '../trainer/data/space/space.js';
import { ran, scriptOf } from './child.test.helper.js';
import { killAll, started } from './started.test.helper.js';

if (!redisProgram) console.log('no redis-server: the test of gan-sweep --queue is skipped');

let folder: string;
let server: TestServer | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-sweep-'));
  const settings =
    'settings: { image-size: 8, ngf: 2, ndf: 2, batch-size: 4, latent-dim: 4, steps: 4, sample-every: 99, device: cpu, data: pictures }\n';
  await mkdir(join(folder, 'pictures'));
  for (let seed = 0; seed < 8; seed++)
    await writeFile(join(folder, 'pictures', `${seed}.png`), await encodePng(spacePicture(8, seed, 1)));
  await writeFile(join(folder, 'two.yaml'), `${settings}vary:\n  lr: { log-range: [0.0001, 0.01], points: 2 }\n`);
  await writeFile(join(folder, 'failing.yaml'), `${settings}vary: { data: [nowhere], lr: [0.001] }\n`);
  await writeFile(
    join(folder, 'random.yaml'),
    `${settings}search: random\nruns: 4\nvary: { beta1: { range: [0, 0.9] }, ngf: { range: [2, 9] } }\n`,
  );
  expect(await ran('gan-sweep', ['two.yaml', '--out', 'whole', '--parallel', '2'], folder)).toMatchObject({ code: 0 });
}, 90_000);
afterAll(async () => {
  killAll();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const results = async (out: string) => {
  const names = await readdir(join(folder, out, 'results')).catch(() => [] as string[]);
  // Not a file that is being written.
  const whole = names.filter((name) => name.endsWith('.json')).toSorted();
  return Promise.all(whole.map((name) => readFile(join(folder, out, 'results', name), 'utf8')));
};

describe('gan-sweep', () => {
  it('lists the same runs for the same file, whole numbers where a setting wants them', async () => {
    const [first, second] = [
      await ran('gan-sweep', ['random.yaml', '--dry-run'], folder),
      await ran('gan-sweep', ['random.yaml', '--dry-run'], folder),
    ];
    expect(first).toEqual(second);
    expect(first.stdout.trim().split('\n')).toHaveLength(4);
    for (const line of first.stdout.trim().split('\n')) expect(line).toMatch(/^beta1=0\.\d+,ngf=[2-9]-[0-9a-f]{8}$/);
  });

  it('names a run that fails, and ends with 3', async () => {
    const { code, stdout, stderr } = await ran('gan-sweep', ['failing.yaml', '--out', 'failing'], folder);
    expect([code, stderr.split('\n').find((line) => line.includes('failed'))]).toEqual([
      3,
      expect.stringMatching(/run data=nowhere,lr=0\.001-\w{8} failed: .*nowhere/),
    ]);
    expect(stdout).toContain('(failed)');
  }, 60_000);

  it('goes on after kill -9: what is done stays, and the results are those of a sweep without a stop', async () => {
    const child = spawn(process.execPath, [scriptOf('gan-sweep'), 'two.yaml', '--out', 'killed'], {
      cwd: folder,
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal)));
    while ((await results('killed')).length < 1 && child.exitCode === null) await sleep(20);
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const [first = ''] = (await readdir(join(folder, 'killed', 'results'))).filter((name) => name.endsWith('.json'));
    const before = await stat(join(folder, 'killed', 'results', first));
    // The run that was under way ends after its step, as its owner is gone; its folder is free then.
    const again = await ran('gan-sweep', ['two.yaml', '--out', 'killed'], folder);
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(again.stdout).toMatch(/^\* /m);
    expect((await stat(join(folder, 'killed', 'results', first))).mtimeMs).toBe(before.mtimeMs);
    expect(await results('killed')).toEqual(await results('whole'));
    expect((await stat(join(folder, 'killed', 'sweep.png'))).size).toBeGreaterThan(5000);
  }, 180_000);

  it.skipIf(!redisProgram)(
    'trains on a worker of a queue with the same results, below its root alone',
    async () => {
      server = await startRedis();
      const queue = ['--queue', server.url];
      // The worker's own folder is another one: paths of the sweep are those of the command.
      await mkdir(join(folder, 'elsewhere'));
      const cwd = join(folder, 'elsewhere');
      const worker = started('gan-worker', [...queue, '--root', folder, '--device', 'cpu'], { cwd });
      const sent = await ran('gan-sweep', ['two.yaml', '--out', 'queued', ...queue], folder);
      expect(sent, worker.text()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\* /m) as string });
      expect(await results('queued')).toEqual(await results('whole'));
      expect(await readFile(join(folder, 'queued', 'sweep.json'))).toEqual(
        await readFile(join(folder, 'whole', 'sweep.json')),
      );
      expect(await readdir(cwd)).toEqual([]);
      worker.child.kill('SIGTERM');
      expect(await worker.ended, worker.text()).toBe(143);
    },
    120_000,
  );

  it('refuses a bad file with one line', async () => {
    await writeFile(join(folder, 'bad.yaml'), 'vary: { lr: [2] }');
    expect(await ran('gan-sweep', ['bad.yaml'], folder)).toEqual({
      code: 2,
      stdout: '',
      stderr: 'gan-sweep: bad.yaml: vary: lr: expected a number above 0 and at most 1; got 2\n',
    });
  }, 30_000);
});
