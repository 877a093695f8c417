/** @file The table and files of a sweep: runs in the order of what they are compared by, the best one marked. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Measure } from './plan.node.js';
import { sweepReport } from './report.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-report-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const lrs = [0.0001, 0.001, 0.01, 0.1];
const runs = lrs.map((lr) => ({ name: `lr=${lr}`, settings: { lr } }));
const results = [
  { name: 'lr=0.0001', frechet: 30, kid: 0.2, lossG: 1, lossD: 4 },
  { name: 'lr=0.001', frechet: 20, kid: 0.3, lossG: 2, lossD: 3 },
  { name: 'lr=0.01', problem: 'it was killed' },
  { name: 'lr=0.1', frechet: 40, kid: 0.1, lossG: 3, lossD: Number.NaN },
];

it.each<[Measure, string[]]>([
  ['frechet', ['lr=0.001', 'lr=0.0001', 'lr=0.1', 'lr=0.01']],
  ['kid', ['lr=0.1', 'lr=0.0001', 'lr=0.001', 'lr=0.01']],
  ['loss-g', ['lr=0.0001', 'lr=0.001', 'lr=0.1', 'lr=0.01']],
  // A number that is none is not the best.
  ['loss-d', ['lr=0.001', 'lr=0.0001', 'lr=0.01', 'lr=0.1']],
])('ranks by %s', async (by, names) => {
  const { table, best, failed, files } = await sweepReport({ by, varied: ['lr'], runs }, results, folder);
  expect(best).toBe(join(folder, 'runs', names[0] as string));
  expect(table.slice(1).map((line) => /lr=[\d.]+/.exec(line)?.[0])).toEqual(names);
  expect(table.map((line) => line.startsWith('*'))).toEqual([false, true, false, false, false]);
  expect(failed).toEqual([{ name: 'lr=0.01', problem: 'it was killed' }]);
  expect(files).toEqual(['sweep.json', 'sweep.png']);
  expect(JSON.parse(await readFile(join(folder, 'sweep.json'), 'utf8'))).toMatchObject({ by, best: names[0] });
});

it('says what runs lack where none is the best', async () => {
  const lossy = results.map(({ frechet: _frechet, ...rest }) => rest);
  const { best, lacking, files } = await sweepReport({ by: 'frechet', varied: ['lr'], runs }, lossy, folder);
  expect([best, files]).toEqual([undefined, ['sweep.json']]);
  expect(lacking).toBe('Fréchet distance, which needs evaluations with 2048 pictures of each kind');
});
