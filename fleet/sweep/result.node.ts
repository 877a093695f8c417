/** @file What a run of a sweep gave. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../inference/files/missing.node.js';
import { isRecord } from '../../inference/parse/json.js';
import { InputError } from '../../onnx/errors.js';
import { bestRow, type QualityRow } from '../../trainer/quality/quality.js';
import type { StepRow } from '../../trainer/report/plots.node.js';
import type { Measure } from './plan.node.js';

/** The numbers of a run, or why it has none. */
export interface RunResult {
  name: string;
  /** Updates done. */
  steps?: number;
  lossD?: number;
  lossG?: number;
  /** Of the best evaluation, and its step. */
  frechet?: number;
  kid?: number;
  bestStep?: number;
  problem?: string;
}

/** The part of a run, at its end, that losses are averaged over. */
const LAST_PART = 0.1;

/** The numbers of a run that is complete: losses are means over the last tenth of the steps. */
export async function resultOf(name: string, run: string, steps: number): Promise<RunResult> {
  let [count, lossD, lossG] = [0, 0, 0];
  for await (const row of rowsOf<StepRow>(join(run, 'metrics.jsonl'))) {
    if (row.step <= steps * (1 - LAST_PART)) continue;
    count++;
    lossD += row.lossD;
    lossG += row.lossG;
  }
  const quality: QualityRow[] = [];
  for await (const row of rowsOf<QualityRow>(join(run, 'quality.jsonl'))) quality.push(row);
  const best = bestRow(quality);
  return {
    name,
    steps,
    lossD: lossD / count,
    lossG: lossG / count,
    ...(best && { kid: best.kid, bestStep: best.step, ...(best.frechet !== undefined && { frechet: best.frechet }) }),
  };
}

/** The rows of a file that training has written; none where it is missing. Millions of them fit. */
async function* rowsOf<Row>(path: string): AsyncGenerator<Row> {
  const file = await ifThere(open(path), path);
  if (file) for await (const line of file.readLines()) yield JSON.parse(line) as Row;
}

/** Reads a result. @throws InputError if the file is none */
export async function readResult(path: string): Promise<RunResult> {
  const text = await readFile(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isRecord(value) && typeof value['name'] === 'string') return value as unknown as RunResult;
  throw new InputError({ name: path, expected: 'the result of a run (delete the file to train that run again)' });
}

/** What a result is compared by; undefined where it has no such number. */
export function measured({ frechet, kid, lossG, lossD }: RunResult, by: Measure): number | undefined {
  const value = { frechet, kid, 'loss-g': lossG, 'loss-d': lossD }[by];
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
