/** @file What a run of a sweep gave. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Bytes of metrics.jsonl that losses are averaged over, and the part of the run. */
const TAIL_BYTES = 2 ** 20;
const LAST_PART = 0.1;

/** The numbers of a run that is complete: losses are means over the last tenth of the steps. */
export async function resultOf(name: string, run: string, steps: number): Promise<RunResult> {
  const rows = (await tailRows(join(run, 'metrics.jsonl'))) as StepRow[];
  const last = rows.filter(({ step }) => step > steps * (1 - LAST_PART));
  const mean = (value: (row: StepRow) => number) => last.reduce((sum, row) => sum + value(row), 0) / last.length;
  const quality = (await tailRows(join(run, 'quality.jsonl'))) as unknown as QualityRow[];
  const best = bestRow(quality);
  return {
    name,
    steps,
    lossD: mean((row) => row.lossD),
    lossG: mean((row) => row.lossG),
    ...(best && { kid: best.kid, bestStep: best.step, ...(best.frechet !== undefined && { frechet: best.frechet }) }),
  };
}

/** The objects of the last lines of a file; none where it is missing. */
async function tailRows(path: string): Promise<object[]> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    return (start > 0 ? lines.slice(1) : lines).filter((line) => line !== '').map((line) => JSON.parse(line) as object);
  } finally {
    await file.close();
  }
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
