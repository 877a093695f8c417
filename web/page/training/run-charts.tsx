/** @file Losses, scores and quality of the watched runs, over each other. */
import { useMemo } from 'preact/hooks';
import { Chart, type Line } from './parts/chart.js';
import type { Row, WatchedRun } from './parts/watch.js';

/** A line of a chart: a number of each row. */
interface Curve {
  label: string;
  name: string;
}

const METRICS: readonly { id: string; title: string; curves: readonly Curve[] }[] = [
  {
    id: 'losses',
    title: 'Losses',
    curves: [
      { label: 'D', name: 'lossD' },
      { label: 'G', name: 'lossG' },
    ],
  },
  {
    id: 'scores',
    title: 'Scores',
    curves: [
      { label: 'D(x)', name: 'dReal' },
      { label: 'D(G(z))', name: 'dFakeBefore' },
    ],
  },
];

const QUALITY: typeof METRICS = [
  { id: 'frechet', title: 'Fréchet distance', curves: [{ label: 'Fréchet', name: 'frechet' }] },
  { id: 'kid', title: 'KID', curves: [{ label: 'KID', name: 'kid' }] },
];

/** The charts. @param step the step that the films show */
export function RunCharts({ runs, step }: { runs: readonly WatchedRun[]; step: number | undefined }) {
  const measured = QUALITY.filter(({ curves: [curve] }) =>
    runs.some((run) => run.quality.value.some((row) => curve !== undefined && row[curve.name] !== undefined)),
  );
  return (
    <div class={measured.length === 0 ? 'charts' : 'charts many'}>
      {METRICS.map((chart) => (
        <RunChart key={chart.id} {...chart} runs={runs} rowsOf={(run) => run.metrics.value} step={step} />
      ))}
      {measured.map((chart) => (
        <RunChart key={chart.id} {...chart} runs={runs} rowsOf={(run) => run.quality.value} step={step} />
      ))}
    </div>
  );
}

function RunChart(props: {
  id: string;
  title: string;
  curves: readonly Curve[];
  runs: readonly WatchedRun[];
  rowsOf: (run: WatchedRun) => readonly Row[];
  step: number | undefined;
}) {
  const { id, title, curves, runs, rowsOf, step } = props;
  const rows = runs.map(rowsOf);
  const lines = useMemo(
    () =>
      runs.flatMap(({ name }, run) =>
        curves.map(({ label, name: number }, curve): Line => {
          const isAlone = runs.length === 1;
          return {
            label: isAlone ? label : curves.length === 1 ? name : `${name}: ${label}`,
            points: (rows[run] ?? []).map((row) => ({ step: row['step'] ?? 0, value: row[number] ?? Number.NaN })),
            // Alone, curves have colours; compared, runs have.
            colour: isAlone ? curve : run,
            dash: curve,
          };
        }),
      ),
    [runs.map(({ name }) => name).join('|'), ...padded(rows)],
  );
  return <Chart id={id} title={title} lines={lines} marked={step} />;
}

/** The most runs that are compared. */
export const MOST_RUNS = 4;

/** A list of dependencies always has the same length. */
function padded(rows: readonly (readonly Row[])[]): (readonly Row[] | undefined)[] {
  return Array.from({ length: MOST_RUNS }, (_, i) => rows[i]);
}
