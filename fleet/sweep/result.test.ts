/** @file The numbers of a run, from the files that training writes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeRunFile } from '../../trainer/checkpoint/run-file.node.js';
import { presets } from '../../trainer/settings/presets.js';
import { expectComparable, resultOf, sourcesOf } from './result.node.js';

let run: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'ganscope-result-'));
});
afterAll(() => rm(run, { recursive: true, force: true }));

const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

it('averages the losses over the last tenth of the steps, however many there are, and takes the best evaluation', async () => {
  const steps = 400_000;
  const rows = Array.from({ length: steps }, (_, i) => ({ step: i + 1, lossD: i < 380_000 ? 1 : 3, lossG: i }));
  await writeFile(join(run, 'metrics.jsonl'), lines(rows));
  const metrics = { name: 'run', steps, lossD: 2, lossG: 379_999.5 };
  expect(await resultOf('run', run, steps)).toEqual(metrics);
  const evaluations = [
    { step: 1000, kid: 3 },
    { step: 2000, kid: 1 },
    { step: 3000, kid: 2 },
  ];
  await writeFile(join(run, 'quality.jsonl'), lines(evaluations));
  expect(await resultOf('run', run, steps)).toEqual({ ...metrics, kid: 1, bestStep: 2000 });
});

it("keeps what a run's numbers come from, and compares no numbers of another network or other pictures", async () => {
  const evaluation = { features: 'f.onnx', evalSamples: 64, evalEvery: 9, featuresDigest: 'sha256:1' };
  const file = { config: presets.space, data: '/birds', dataIdentity: '2', steps: 4 };
  await writeRunFile(run, { ...file, evaluation });
  expect(await sourcesOf(run)).toEqual({ dataIdentity: '2', featuresDigest: 'sha256:1' });
  await writeRunFile(run, file);
  expect(await sourcesOf(run)).toEqual({ dataIdentity: '2' });

  const settings = { features: 'f.onnx', data: 'birds' };
  const runs = ['a', 'b', 'c'].map((name) => ({ name, settings }));
  const results = (...sources: object[]) => sources.map((each, i) => ({ name: 'abc'[i] as string, ...each }));
  const same = { featuresDigest: '1', dataIdentity: '2' };
  expectComparable(runs, results(same, { problem: 'it was killed' }, same), 'out');
  expectComparable(
    [...runs.slice(0, 2), { name: 'c', settings: { ...settings, data: 'cats' } }],
    results(same, same, { ...same, dataIdentity: '3' }),
    'out',
  );
  expect(() => expectComparable(runs, results(same, same, { ...same, featuresDigest: '3' }), 'out')).toThrow(
    `${join('out', 'results', 'c.json')}: expected the feature network of a, so that the runs compare (remove it and ` +
      `${join('out', 'runs', 'c')} to train that run again); got another, as f.onnx has changed in between`,
  );
  expect(() => expectComparable(runs, results(same, { ...same, dataIdentity: '3' }, same), 'out')).toThrow(
    /b\.json: expected the pictures of a, .*; got another, as birds has changed in between$/,
  );
});
