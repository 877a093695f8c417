/** @file Sweeps as users run them: failed runs, kills in the middle, the same results. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ran, scriptOf } from './child.test.helper.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-sweep-'));
  const settings =
    'settings: { image-size: 8, ngf: 2, ndf: 2, batch-size: 4, latent-dim: 4, steps: 12, device: cpu }\n';
  await writeFile(join(folder, 'three.yaml'), `${settings}vary:\n  lr: { log-range: [0.0001, 0.01], points: 3 }\n`);
  await writeFile(join(folder, 'failing.yaml'), `${settings}vary: { data: [nowhere], lr: [0.001] }\n`);
  await writeFile(
    join(folder, 'random.yaml'),
    `${settings}search: random\nruns: 4\nvary: { beta1: { range: [0, 0.9] }, ngf: { range: [2, 9] } }\n`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const results = async (out: string) => {
  const names = await readdir(join(folder, out, 'results')).catch(() => [] as string[]);
  return Promise.all(names.toSorted().map((name) => readFile(join(folder, out, 'results', name), 'utf8')));
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
    expect(await ran('gan-sweep', ['three.yaml', '--out', 'whole'], folder)).toMatchObject({ code: 0 });
    const child = spawn(process.execPath, [scriptOf('gan-sweep'), 'three.yaml', '--out', 'killed'], {
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
    const again = await ran('gan-sweep', ['three.yaml', '--out', 'killed', '--parallel', '2'], folder);
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(again.stdout).toMatch(/^\* /m);
    expect((await stat(join(folder, 'killed', 'results', first))).mtimeMs).toBe(before.mtimeMs);
    expect(await results('killed')).toEqual(await results('whole'));
    expect((await stat(join(folder, 'killed', 'sweep.png'))).size).toBeGreaterThan(5000);
  }, 180_000);

  it.each([
    ['vary: { lrr: [1] }', 'vary: lrr: expected the name of a setting, such as lr; there is none of this name'],
    ['vary: { lr: [2] }', 'vary: lr: expected a number above 0 and at most 1; got 2'],
    [
      'vary: { lr: { range: [0.1, 0.2] } }',
      'vary: lr: expected points, a whole number of at least 2; got {"range":[0.1,0.2]}',
    ],
    [
      'by: kid\nvary: { lr: [0.1] }',
      'by: expected `features` among the settings: the network by which pictures are compared; got "kid"',
    ],
    ['lr: 1\nvary: { lr: [0.1] }', 'lr: expected one of search, runs, seed, by, settings, vary; got 1'],
  ])('refuses %j with one line', async (text, line) => {
    await writeFile(join(folder, 'bad.yaml'), text);
    expect(await ran('gan-sweep', ['bad.yaml'], folder)).toEqual({
      code: 2,
      stdout: '',
      stderr: `gan-sweep: bad.yaml: ${line}\n`,
    });
  });
});
