/** @file Files of sweeps: values of ranges, and those that are refused, each with what was expected. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSweep } from './plan.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-plan-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  ['vary: { lrr: [1] }', 'vary: lrr: expected the name of a setting, such as lr; there is none of this name'],
  [
    'vary: { lr: { range: [0.1, 0.2] } }',
    'vary: lr: expected points, a whole number of at least 2; got {"range":[0.1,0.2]}',
  ],
  [
    'by: kid\nvary: { lr: [0.1] }',
    'by: expected `features` among the settings: the network by which pictures are compared; got "kid"',
  ],
  [
    'by: frechet\nsettings: { features: f.onnx, eval-samples: 2047 }\nvary: { lr: [0.1] }',
    'eval-samples: expected at least 2048, which the Fréchet distance needs; got 2047',
  ],
  [
    'by: kid\nsettings: { features: f.onnx }\nvary: { features-mean: ["0", "0.5"] }',
    'vary: features-mean: expected the same for all runs, to compare them by kid; got ["0","0.5"]',
  ],
  ['lr: 1\nvary: { lr: [0.1] }', 'lr: expected one of search, runs, seed, by, settings, vary; got 1'],
])('readSweep refuses %j', async (text, line) => {
  const path = join(folder, 'bad.yaml');
  await writeFile(path, text);
  await expect(readSweep(path)).rejects.toMatchObject({ name: 'InputError', message: `${path}: ${line}` });
});

it.each([
  ['label-smoothing: { range: [0, 0.4], points: 3 }', 'labelSmoothing', [0, 0.2, 0.4]],
  ['lr-decay-start: { range: [0, 0.9], points: 4 }', 'lrDecayStart', [0, 0.3, 0.6, 0.9]],
  ['d-steps: { range: [1, 4], points: 3 }', 'dSteps', [1, 3, 4]],
  ['batch-size: { log-range: [8, 64], points: 4 }', 'batchSize', [8, 16, 32, 64]],
] as const)('readSweep rounds whole numbers and no others: %s', async (vary, name, values) => {
  const path = join(folder, 'range.yaml');
  await writeFile(path, `settings: { lr-decay: linear }\nvary: { ${vary} }`);
  expect((await readSweep(path)).runs.map(({ settings }) => settings[name])).toEqual(values);
});

it('readSweep refuses runs with both steps and epochs', async () => {
  const path = join(folder, 'both.yaml');
  await writeFile(path, 'settings: { steps: 9 }\nvary: { epochs: [1, 2] }');
  await expect(readSweep(path)).rejects.toThrow('steps and epochs cannot be combined');
});
