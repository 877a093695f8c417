/** @file An evaluation as lines of text. */
import { LEAST_SAMPLES, type QualityRow } from 'ganscope/trainer';

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
