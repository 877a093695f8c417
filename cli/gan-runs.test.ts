/** @file Runs as users list, compare, tag and delete them. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCK_FILE } from '../inference/files/folder-lock.node.js';
import { thisProcess } from '../inference/files/lock-owner.node.js';
import { writeLatestLink } from '../inference/runs/latest-link.node.js';
import { LIST_MODULES, ran } from './child.test.helper.js';

let folder: string;
const gan = (...words: string[]) => ran('gan-runs', words, folder);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-gan-runs-'));
  await mkdir(join(folder, 'runs/a'), { recursive: true });
  await writeLatestLink(join(folder, 'runs/latest'), join(folder, 'runs/a'));
  const config = { preset: 'space', imageSize: 8, lr: 0.1 };
  await writeFile(join(folder, 'runs/a/config.json'), JSON.stringify({ config, data: null, steps: 3 }));
  const about = {
    name: 'first',
    notes: 'a <note>\nof two lines, the second longer',
    started: '2002-01-01T00:00:00.000Z',
  };
  await writeFile(join(folder, 'runs/a/about.json'), JSON.stringify(about));
  const numbers = { epoch: 0, lossD: 1.5, lossG: 2.25, dReal: 0.5, dFakeBefore: 0.5, dFakeAfter: 0.5, seconds: 0.5 };
  const rows = [1, 2, 3].map((step) => `${JSON.stringify({ step, ...numbers })}\n`);
  await writeFile(join(folder, 'runs/a/metrics.jsonl'), rows.join(''));
  await cp(join(folder, 'runs/a'), join(folder, 'runs/b'), { recursive: true });
  const other = { config: { ...config, lr: 0.5 }, data: null, steps: 9 };
  await writeFile(join(folder, 'runs/b/config.json'), JSON.stringify(other));
  await writeFile(join(folder, 'runs/b/about.json'), '{"started":"2001-01-01T00:00:00.000Z"}');
  await writeFile(join(folder, 'runs/b/quality.jsonl'), '{"step":3,"kid":0.125,"features":"f.onnx"}\n{"step":4,"ki');
  await mkdir(join(folder, 'runs/no-run'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('gan-runs list', () => {
  it('has state, steps, losses, quality and notes, the newest first, and no folder that is no run', async () => {
    const { code, stdout } = await gan();
    const [head = '', first = '', second = '', ...rest] = stdout.trimEnd().split('\n');
    expect([code, rest]).toEqual([0, []]);
    expect(head).toMatch(/^run +name +state +steps +epochs/);
    expect(first).toMatch(
      /^a +first +finished +3\/3 +1 +built-in +8 +[\d.]+ +[\d.]+ +– .* \d+ (?:B|KiB) +– +a <note> of two lines, the second longer$/,
    );
    expect(second).toMatch(/^b +– +interrupted +3\/9 .* KID 0\.125 +2001-01-01 00:00 /);
    const { stdout: json } = await gan('list', '--json', '--state', 'interrupted');
    expect(JSON.parse(json)).toMatchObject([
      { run: 'b', step: 3, steps: 9, settings: { lr: 0.5 }, quality: { kid: 0.125 } },
    ]);
  });

  it('says that a run is trained', async () => {
    const lock = join(folder, 'runs/b', LOCK_FILE);
    await writeFile(lock, JSON.stringify(thisProcess()));
    expect((await gan()).stdout).toMatch(/^b +– +running /m);
    // A process that has ended.
    await writeFile(lock, JSON.stringify({ ...thisProcess(), pid: 2 ** 30 }));
    expect((await gan()).stdout).toMatch(/^b +– +interrupted /m);
    await rm(lock);
  });
});

describe('gan-runs compare', () => {
  it('prints numbers and settings that differ, and writes a page without scripts', async () => {
    const { code, stdout } = await gan('compare', 'first', 'runs/b');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^lr +0\.\d+ +0\.5$/m);
    expect(stdout).not.toMatch(/^preset/m);
    const page = await readFile(join(folder, 'comparison.html'), 'utf8');
    expect(page).toContain('a &lt;note&gt;');
    expect(page).not.toContain('<script');
    expect(page).toContain('<title>first and b</title>');
    expect(page).toContain(`<td class="long">a &lt;note&gt;`);
    for (const name of ['Loss_D', 'D(x)', 'KID', 'Settings that differ']) expect(page).toContain(name);
    const { stdout: json } = await gan('compare', 'a', 'b', '--json');
    expect(JSON.parse(json)).toMatchObject({
      runs: [{ run: 'a' }, { run: 'b' }],
      settings: { rows: expect.any(Array) },
    });
  }, 30_000);

  it.each([
    [
      ['compare', 'a', 'b', '--out', 'c.gif'],
      /^gan-runs: --out: expected a file that ends in .html, .png, .svg, .pdf; got c.gif$/,
    ],
    [['compare', 'a', 'b', '--yes'], /^gan-runs: --yes: expected it with delete; got compare$/],
    [['rename', 'a'], /^gan-runs: expected one of list, compare, tag, delete; got rename$/],
    [['delete', 'linked'], /^gan-runs: linked: expected a run in runs, such as a, b$/],
    [['delete', 'a'], /^gan-runs: delete: expected --yes, .* runs\/a \(3 steps, .*\)$/],
  ])('ends with 2 and one line for %j', async (words, line) => {
    const { code, stdout, stderr } = await gan(...words);
    expect([code, stdout, stderr.trimEnd()]).toEqual([2, '', expect.stringMatching(line)]);
  });
});

describe('gan-runs tag', () => {
  it('adds tags and removes them', async () => {
    expect((await gan('tag', 'first', 'good', 'sharp')).stdout).toBe('first: tags good, sharp\n');
    expect((await gan('tag', 'a', 'sharp', '--remove')).stdout).toBe('a: tags good\n');
    expect((await gan('--tag', 'good')).stdout).toMatch(/^a +first/m);
    expect(JSON.parse(await readFile(join(folder, 'runs/a/about.json'), 'utf8'))).toMatchObject({
      name: 'first',
      tags: ['good'],
    });
  });
});

describe('gan-runs delete', () => {
  it('deletes, and says where latest leads', async () => {
    const { code, stdout } = await gan('delete', 'latest', '--yes');
    expect([code, stdout]).toEqual([0, 'Deleted runs/a\nruns/latest: runs/b\n']);
    expect(await readdir(join(folder, 'runs'))).not.toContain('a');
  });
});

it('--help loads no canvas and no runtime', async () => {
  const { stdout, stderr } = await ran('gan-runs', ['--help'], folder, [LIST_MODULES]);
  expect(stdout).toContain('compare');
  expect(stderr).not.toMatch(/canvas|onnxruntime|sharp/);
});
