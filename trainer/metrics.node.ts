/** @file metrics.jsonl: one line per step, appended while training and cut back to the checkpoint when a run resumes. */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../onnx/index.js';
import type { StepRow } from './report.node.js';

/** The run's metrics so far; a last line that was cut off by a crash is left out. */
export async function readMetrics(run: string): Promise<StepRow[]> {
  const text = await readFile(join(run, 'metrics.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as StepRow];
    } catch {
      return [];
    }
  });
}

/** Metrics of a run that goes on from `step`: later lines, which will be computed again, are dropped. */
export async function resumedMetrics(run: string, step: number): Promise<StepRow[]> {
  const rows = (await readMetrics(run)).filter((row) => row.step <= step);
  await writeFileAtomic(join(run, 'metrics.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return rows;
}

/** Appends rows. */
export async function appendMetrics(run: string, rows: readonly StepRow[]): Promise<void> {
  await appendFile(join(run, 'metrics.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
