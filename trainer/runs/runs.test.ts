/** @file Runs on disk: what they are, which word means which, and what is deleted of them. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCK_FILE } from '../../inference/files/folder-lock.node.js';
import { thisProcess } from '../../inference/files/lock-owner.node.js';
import { writeLatestLink } from '../../inference/runs/latest-link.node.js';
import { MAX_ABOUT_BYTES, noteFailure, readAbout } from '../record/about.node.js';
import { deleteRun, tagRun } from './change.node.js';
import { linesOf } from './charts.node.js';
import { comparedRuns } from './comparison.node.js';
import { writeComparison } from './comparison-page.node.js';
import { findRun, listRuns } from './find.node.js';

const start = process.cwd();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-on-disk-'));
  process.chdir(folder);
  for (const [at, name] of ['a', 'b', 'c'].entries()) await madeRun(`runs/${name}`, at);
  await writeLatestLink('runs/latest', 'runs/c');
  await mkdir('runs/no-run');
  await writeFile('runs/no-run/config.json', '{"steps": 3}');
});
afterAll(async () => {
  process.chdir(start);
  await rm(folder, { recursive: true, force: true });
});

async function madeRun(run: string, at: number): Promise<void> {
  await mkdir(join(run, 'samples'), { recursive: true });
  await mkdir(join('runs/tensorboard', run.slice(5)), { recursive: true });
  const config = { preset: 'space', imageSize: 8, lr: at < 2 ? 0.1 : 0.2, diffaugment: [] };
  await writeFile(
    join(run, 'config.json'),
    JSON.stringify({ config, data: at === 0 ? null : '/data/birds', steps: 3 }),
  );
  await writeFile(
    join(run, 'about.json'),
    JSON.stringify({ started: `200${at}-01-01T00:00:00.000Z`, name: at < 2 ? 'twin' : 'own' }),
  );
  const row = { epoch: 0, lossD: 1 + at, lossG: 2, dReal: 0.5, dFakeBefore: 0.5, dFakeAfter: 0.5, seconds: 0.5 };
  const rows = [1, 2, 3].slice(0, 2 + at).map((step) => `${JSON.stringify({ ...row, step })}\n`);
  await writeFile(join(run, 'metrics.jsonl'), `${rows.join('')}{"step": 9`);
}

describe('listRuns(folder)', () => {
  it('has the newest first and leaves out links and what is no run', async () => {
    await symlink(join(folder, 'runs/a'), 'runs/linked');
    expect((await listRuns()).map(({ run, state, step, lossD }) => [run, state, step, lossD])).toEqual([
      ['c', 'finished', 3, 3],
      ['b', 'finished', 3, 2],
      ['a', 'interrupted', 2, 1],
    ]);
  });

  it('tells runs that are trained from those whose process is gone, and those that failed', async () => {
    const state = async () => (await findRun('a')).state;
    const lock = join('runs/a', LOCK_FILE);
    await writeFile(lock, JSON.stringify(thisProcess()));
    expect(await state()).toBe('running');
    await writeFile(lock, JSON.stringify({ ...thisProcess(), pid: 2 ** 30 }));
    expect(await state()).toBe('interrupted');
    await writeFile(lock, JSON.stringify({ ...thisProcess(), host: 'elsewhere' }));
    expect(await state()).toBe('running');
    await rm(lock);
    await noteFailure('runs/a', new Error('no more disk'));
    expect(await findRun('a')).toMatchObject({ state: 'failed', failed: 'no more disk' });
    expect(await readAbout('runs/a')).toMatchObject({ name: 'twin' });
  });
});

describe('findRun(word)', () => {
  it('knows a run with the names of many classes', async () => {
    await cp('runs/a', 'runs/many', { recursive: true });
    const classNames = Array.from({ length: 50_000 }, (_, at) => `a class with a long name, number ${at}`);
    const config = { imageSize: 8, classNames };
    await writeFile('runs/many/config.json', JSON.stringify({ config, data: null, steps: 3 }));
    expect((await findRun('many')).settings).toEqual(config);
    await rm('runs/many', { recursive: true });
  });

  it('knows folders, latest, names and paths', async () => {
    const words = ['b', 'latest', 'own', './runs/a', `${folder}/runs/a`];
    expect(await Promise.all(words.map(async (word) => (await findRun(word)).run))).toEqual(['b', 'c', 'c', 'a', 'a']);
  });

  it.each([
    ['twin', 'twin: expected the folder of a run, as several have that name: b, a'],
    ['none', 'none: expected a run in runs, such as c, b, a'],
    ['no-run', 'no-run: expected a run in runs, such as c, b, a'],
    ['..', '..: expected the folder of a run; it has no config.json of one'],
  ])('refuses %s', async (word, message) => {
    await expect(findRun(word)).rejects.toThrow(message);
  });
});

it('takes no run for the latest that only has the name of one elsewhere', async () => {
  await mkdir('others');
  await cp('runs/a', 'others/c', { recursive: true });
  await writeLatestLink('runs/latest', 'others/c');
  await expect(findRun('latest')).rejects.toThrow('expected runs/latest to lead to a run of runs');
  await writeLatestLink('runs/latest', 'runs/c');
});

describe('comparedRuns(infos)', () => {
  it('has the settings that differ and means of the last steps', async () => {
    const compared = await comparedRuns([await findRun('a'), await findRun('b'), await findRun('c')]);
    expect(compared.numbers.headings).toEqual(['', 'twin (a)', 'twin (b)', 'own']);
    expect(compared.settings.rows).toEqual([
      ['data', 'built-in pictures', '/data/birds', '/data/birds'],
      ['lr', '0.1', '0.1', '0.2'],
    ]);
    expect(compared.numbers.rows).toContainEqual(['Loss_D, last 100', '1.000', '2.000', '3.000']);
    expect(compared.numbers.rows).toContainEqual(['time in steps', '1.0 s', '1.5 s', '1.5 s']);
    await writeComparison(compared, 'curves.svg');
    expect(await readFile('curves.svg', 'utf8')).toContain('Loss_G');
    await expect(writeComparison(compared, 'curves.gif')).rejects.toThrow(
      'out: expected a file that ends in .html, .png',
    );
  });
});

describe('linesOf(runs)', () => {
  it('smooths runs over the same number of steps, whatever rows there are of them', () => {
    // A step at 1000, of rows of every step and of every tenth one.
    const points = (every: number) =>
      Array.from({ length: 2000 / every }, (_, at) => ({ x: every * (at + 1), y: every * (at + 1) > 1000 ? 1 : 0 }));
    const { lines, isSmooth } = linesOf([1, 10].map((every) => ({ label: `${every}`, points: points(every) })));
    expect(isSmooth).toBe(true);
    const ends = lines.map((line) => {
      const moving = line.points.filter(({ y }) => y > 0 && y < 1).map(({ x }) => x);
      return [moving[0], moving.at(-1)];
    });
    // A fiftieth of the longest on either side.
    expect(ends).toEqual([
      [961, 1040],
      [970, 1040],
    ]);
  });
});

describe('tagRun(word, tags)', () => {
  it('adds tags once, removes them, and refuses what is no word', async () => {
    expect(await tagRun('a', ['good', 'sharp'])).toEqual(['good', 'sharp']);
    expect(await tagRun('a', ['good'])).toEqual(['good', 'sharp']);
    expect(await tagRun('a', ['good'], { remove: true })).toEqual(['sharp']);
    expect((await findRun('a')).tags).toEqual(['sharp']);
    await expect(tagRun('a', ['../x'])).rejects.toThrow('tags: expected up to 40 letters');
    await cp('runs/a/about.json', 'about.json');
    await writeFile('runs/a/about.json', ' '.repeat(MAX_ABOUT_BYTES + 1));
    await expect(tagRun('a', ['good'])).rejects.toThrow(`about.json: expected at most ${MAX_ABOUT_BYTES} bytes`);
    expect((await stat('runs/a/about.json')).size).toBe(MAX_ABOUT_BYTES + 1);
    await cp('about.json', 'runs/a/about.json');
  });
});

describe('deleteRun(word)', () => {
  it('refuses what is no run, links, paths outside, and runs that are trained', async () => {
    await cp('runs/a', 'elsewhere', { recursive: true });
    await writeFile(join('runs/b', LOCK_FILE), JSON.stringify(thisProcess()));
    const before = await readdir('.', { recursive: true });
    for (const [word, reason] of [
      ['no-run', 'expected a run in runs'],
      ['elsewhere', 'expected a run in runs'],
      ['./elsewhere', 'expected a run directly in runs'],
      ['runs/../elsewhere', 'expected a run directly in runs'],
      ['linked', 'not a link'],
      ['tensorboard', 'expected a run in runs'],
      ['b', 'expected a folder that no other process writes to'],
    ] as const)
      await expect(deleteRun(word)).rejects.toThrow(reason);
    expect(await readdir('.', { recursive: true })).toEqual(before);
    await rm(join('runs/b', LOCK_FILE));
  });

  it('removes what the run wrote, follows no link, keeps the rest, and moves latest', async () => {
    await mkdir('outside');
    await writeFile('outside/kept.txt', 'kept');
    await symlink(join(folder, 'outside'), 'runs/c/onnx');
    await writeFile('runs/c/mine.txt', 'mine');
    await writeFile('runs/c/augmentation.png', 'written with ada');
    for (const own of ['samples/step-0000002.png', 'samples/.step-0000002.png.00000000-1-000000000000.tmp'])
      await writeFile(join('runs/c', own), 'own');
    await mkdir('runs/c/checkpoints/step-0000002', { recursive: true });
    await writeFile('runs/c/checkpoints/best', 'step-0000002');
    await writeFile('runs/c/samples/favourite.png', 'mine');
    const kept = ['mine.txt', 'samples/favourite.png'];
    expect(await deleteRun('latest')).toEqual({ folder: 'runs/c', kept, latest: 'runs/b' });
    expect(await readdir('runs/c', { recursive: true })).toEqual(['mine.txt', 'samples', 'samples/favourite.png']);
    await mkdir('runs/a/onnx');
    const exported = [
      'generator.onnx',
      'generator-uint8.onnx',
      'discriminator-gradcam.onnx',
      'discriminator.onnx.failed',
    ];
    for (const name of exported) await writeFile(join('runs/a/onnx', name), 'own');
    expect(await readdir('outside')).toEqual(['kept.txt']);
    expect((await readdir('runs/tensorboard')).toSorted()).toEqual(['a', 'b']);
    expect(await deleteRun('a')).toEqual({ folder: 'runs/a', kept: [] });
    expect(await deleteRun('b')).toEqual({ folder: 'runs/b', kept: [], latest: null });
    expect((await readdir('runs')).toSorted()).toEqual(['c', 'linked', 'no-run', 'tensorboard']);
  });
});
