/** @file What an evaluation says, and which of several is the best. */
/** Below so many samples the Fréchet distance says more about their number than about the pictures, and is not given. */
export const LEAST_SAMPLES = 2048;

/** An evaluation of a run, a line of its quality.jsonl. Lower distances are better. */
export interface QualityRow {
  /** Updates done. */
  step: number;
  /** Fréchet distance; missing where there were too few pictures for it. */
  frechet?: number;
  /** Mean and standard deviation of KID over its subsets. */
  kid: number;
  kidStd: number;
  subsets: number;
  subsetSize: number;
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

/** The evaluation in words: distances with the numbers of pictures they are measured on, and why one is missing. */
export function qualityLines(row: QualityRow): string[] {
  const { frechet, kid, kidStd, subsets, subsetSize, real, generated, features } = row;
  const pictures = `${real.toLocaleString('en-US')} real and ${generated.toLocaleString('en-US')} generated pictures`;
  const least = LEAST_SAMPLES.toLocaleString('en-US');
  return [
    `Features ${features}, step ${row.step.toLocaleString('en-US')}, ${pictures}`,
    frechet === undefined
      ? `  Fréchet distance: not given for fewer than ${least} pictures of each kind, where it says more about their number`
      : `  Fréchet distance: ${frechet.toPrecision(6)}`,
    `  KID: ${kid.toPrecision(5)} ± ${kidStd.toPrecision(2)} (${subsets} subsets of ${subsetSize})`,
  ];
}
