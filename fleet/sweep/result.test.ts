/** @file The numbers of a run, from the files that training writes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resultOf } from './result.node.js';

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
