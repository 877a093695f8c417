/** @file What an evaluation says, and which of several is the best. */
/** Below so many samples the Fréchet distance says more about their number than about the pictures, and is not given. */
export const LEAST_SAMPLES = 2048;

/** Distances between two sets of pictures; lower is better. */
export interface Distances {
  /** Fréchet distance; missing where there were too few pictures for it. */
  frechet?: number;
  /** Mean and standard deviation of KID over its subsets. */
  kid: number;
  kidStd: number;
  subsets: number;
  subsetSize: number;
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
  /** Duration in seconds. */
  seconds: number;
}

/** The row with the least Fréchet distance, or where there is none with the least KID; of equal ones the first. */
export function bestRow(rows: readonly QualityRow[]): QualityRow | undefined {
  const measure = rows.every(({ frechet }) => frechet !== undefined)
    ? (row: QualityRow) => row.frechet as number
    : (row: QualityRow) => row.kid;
  return rows.reduce<QualityRow | undefined>(
    (best, row) => (best === undefined || measure(row) < measure(best) ? row : best),
    undefined,
  );
}
