/** @file What a run of a sweep gave. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../inference/files/missing.node.js';
import { isRecord } from '../../inference/parse/json.js';
import { InputError } from '../../onnx/errors.js';
import { readRunFile } from '../../trainer/checkpoint/run-file.node.js';
import { bestRow, type QualityRow } from '../../trainer/quality/quality.js';
import type { StepRow } from '../../trainer/report/plots.node.js';
import type { Measure, SweepRun } from './plan.node.js';

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
  /** Of the pictures and the feature network that the numbers come from, as the run's config.json has them. */
  dataIdentity?: string;
  featuresDigest?: string;
  problem?: string;
}

/** What results say of a source of their numbers, what it is called, and the settings that name it. */
const SOURCES = [
  { of: 'featuresDigest', called: 'the feature network', named: ['features'] },
  { of: 'dataIdentity', called: 'the pictures', named: ['data', 'split', 'classes', 'cropToBox', 'followLinks'] },
] as const;

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

/** What the numbers of a run come from. */
export async function sourcesOf(run: string): Promise<Pick<RunResult, 'dataIdentity' | 'featuresDigest'>> {
  const { dataIdentity, evaluation } = await readRunFile(run);
  const featuresDigest = evaluation?.featuresDigest;
  return {
    ...(dataIdentity !== undefined && { dataIdentity }),
    ...(featuresDigest !== undefined && { featuresDigest }),
  };
}

/**
 * Checks that numbers of runs which name the same pictures and feature network come from the same ones: files may change between
 * two runs.
 * @param out folder of the sweep
 * @throws InputError naming two runs of which one has others
 */
export function expectComparable(runs: readonly SweepRun[], results: readonly RunResult[], out: string): void {
  for (const { of, called, named } of SOURCES) {
    const first = new Map<string, RunResult>();
    for (const [index, result] of results.entries()) {
      if (result[of] === undefined) continue;
      const { settings } = runs[index] as SweepRun;
      const key = JSON.stringify(named.map((name) => settings[name]));
      const other = first.get(key) ?? result;
      first.set(key, other);
      if (other[of] === result[of]) continue;
      const again = `remove it and ${join(out, 'runs', result.name)} to train that run again`;
      throw new InputError({
        name: join(out, 'results', `${result.name}.json`),
        expected: `${called} of ${other.name}, so that the runs compare (${again})`,
        got: `another, as ${settings[named[0]]} has changed in between`,
      });
    }
  }
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
