/** @file An evaluation as lines of text. */
import { LEAST_SAMPLES, type Comparison, type Coverage, type QualityRow } from 'ganscope/trainer';

/** The evaluation in words: distances with the numbers of pictures they are measured on, and why one is missing. */
export function qualityLines(row: QualityRow): string[] {
  const { real, generated, features } = row;
  const pictures = `${count(real)} real and ${count(generated)} generated pictures`;
  return [`Features ${features}, step ${count(row.step)}, ${pictures}`, ...distanceLines(row)];
}

/** A comparison of two sets in words. */
export function comparisonLines(comparison: Comparison): string[] {
  const { sets, features } = comparison;
  const pictures = sets.map(({ name, pictures: number }) => `${count(number)} pictures of ${name}`);
  return [`Features ${features}`, ...pictures.map((line) => `  ${line}`), ...distanceLines(comparison)];
}

const count = (value: number) => value.toLocaleString('en-US');

function distanceLines({ frechet, kid, kidStd, subsets, subsetSize, manifold }: QualityRow | Comparison): string[] {
  const least = count(LEAST_SAMPLES);
  return [
    frechet === undefined
      ? `  Fréchet distance: not given for fewer than ${least} pictures of each kind, as it would depend too much on their number`
      : `  Fréchet distance: ${frechet.toPrecision(6)}`,
    `  KID: ${kid.toPrecision(5)} ± ${kidStd.toPrecision(2)} (${subsets} subsets of ${subsetSize})`,
    ...(manifold ? coverageLines(manifold) : []),
  ];
}

/** Shares to three digits: more would be noise. */
function coverageLines({ precision, recall, density, coverage, real, fake }: Coverage): string[] {
  const share = (value: number) => value.toFixed(3);
  return [
    `  Precision: ${share(precision)}, recall: ${share(recall)} (${count(real)} and ${count(fake)} pictures)`,
    `  Density: ${share(density)}, coverage: ${share(coverage)}`,
  ];
}
