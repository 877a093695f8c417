/** @file The results of evaluations, and the choice of the best one. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { ManifoldMeasures } from './distance/manifold.node.js';

/** Minimum number of samples for the Fréchet distance; with fewer, the bias dominates. */
export const LEAST_SAMPLES = 2048;

/** The measures of coverage, in the order that they are shown in. */
export const coverageNames = [
  'precision',
  'recall',
  'density',
  'coverage',
] as const satisfies (keyof ManifoldMeasures)[];

/** How far two sets cover each other, and on how many pictures of each this was measured. */
export interface Coverage extends ManifoldMeasures {
  real: number;
  fake: number;
}

/** Distances between two sets of pictures; lower is better. */
export interface Distances {
  /** Fréchet distance; missing if there were too few pictures. */
  frechet?: number;
  /** Mean and standard deviation of KID over its subsets. */
  kid: number;
  kidStd: number;
  subsets: number;
  subsetSize: number;
  /** Precision, recall, density and coverage, where they are wanted and there are enough pictures; higher is better. */
  manifold?: Coverage;
}

/** An evaluation of a run, a line of its quality.jsonl. */
export interface QualityRow extends Distances {
  /** Updates done. */
  step: number;
  /** Numbers of pictures. */
  real: number;
  generated: number;
  /** The network and layer whose features were compared. */
  features: string;
  /** What was assumed of that network and the distances; nothing in rows of earlier versions. */
  assumed?: readonly Assumption[];
  /** Duration in seconds. */
  seconds: number;
}

/** The row with the lowest Fréchet distance, or the lowest KID if there is none; the first one on a tie. */
export function bestRow(rows: readonly QualityRow[]): QualityRow | undefined {
  const measure = rows.every(({ frechet }) => frechet !== undefined)
    ? (row: QualityRow) => row.frechet as number
    : (row: QualityRow) => row.kid;
  return rows.reduce<QualityRow | undefined>(
    (best, row) => (best === undefined || measure(row) < measure(best) ? row : best),
    undefined,
  );
}
