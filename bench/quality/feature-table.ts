/** @file The tables of `bench:features`. */
import { markdownTable } from '../timing.js';
import type { Distances, Sensitivity } from './sensitivity.js';

/** What was measured of a network of features. */
export interface FeatureRow extends Sensitivity {
  name: string;
  /** Shares of pictures that were not trained on. */
  accuracy: {
    /** At the task that the network was trained with; undefined without. */
    task: number | undefined;
    cosine: number;
    euclid: number;
    linear: number;
  };
}

/** How well classes can be read, how distances react to disturbances, and how far samples are that were drawn `after` some steps. */
export function featureTables(rows: readonly FeatureRow[], after: readonly number[]): string {
  return [accuracyTable(rows), disturbanceTable(rows), ...(after.length > 0 ? [generatorTable(rows, after)] : [])].join(
    '\n\n',
  );
}

const percent = (share: number | undefined): string => (share === undefined ? '–' : (100 * share).toFixed(1));

const accuracyTable = (rows: readonly FeatureRow[]): string =>
  markdownTable(
    ['features', 'own task, %', '5 nearest, cosine, %', '5 nearest, Euclid, %', 'linear, %'],
    rows.map(({ name, accuracy: { task, cosine, euclid, linear } }) => [
      name,
      ...[task, cosine, euclid, linear].map(percent),
    ]),
  );

function disturbanceTable(rows: readonly FeatureRow[]): string {
  const names = Object.keys(rows[0]?.disturbed ?? {});
  return markdownTable(
    ['disturbance', 'features', 'level 1', 'level 2', 'level 3', 'level 4', 'Fréchet, KID grow'],
    names.flatMap((disturbance) =>
      rows.map(({ name, clean, disturbed: { [disturbance]: levels = [] } }) => [
        disturbance,
        name,
        ...levels.map((of) => `${ratio(of, clean)} (${deviations(of, clean)})`),
        (['frechet', 'kid'] as const).map((key) => growth([clean, ...levels], key)).join(', '),
      ]),
    ),
  );
}

const ratio = (of: Distances, clean: Distances): string => {
  const times = of.frechet / clean.frechet;
  return times.toFixed(times < 10 ? 2 : 0);
};

/** How far KID is from that of clean halves, in the standard deviation of the latter over its subsets. */
const deviations = (of: Distances, clean: Distances): string => ((of.kid - clean.kid) / clean.kidStd).toFixed(1);

const growth = (each: readonly Distances[], key: 'frechet' | 'kid'): string =>
  each.every((of, at) => at === 0 || of[key] > (each[at - 1]?.[key] ?? 0)) ? 'yes' : 'no';

const generatorTable = (rows: readonly FeatureRow[], after: readonly number[]): string =>
  markdownTable(
    ['features', 'two clean halves', ...after.map((steps) => `after ${steps} steps`)],
    rows.map(({ name, clean, generated }) => [
      name,
      ...[clean, ...generated].map(({ frechet, kid }) => `${frechet.toPrecision(3)} (${(1000 * kid).toPrecision(3)})`),
    ]),
  );
