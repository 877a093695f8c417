/** @file The curves of several runs over each other: one chart for each number, one line for each run. */
import { CHART_SIZE, type ChartAxis, type ChartSize } from '../../inference/figures/charts/chart.node.js';
import { linePlot, type PlotLine, type PlotPoint } from '../../inference/figures/charts/plot.node.js';
import type { Drawing } from '../../inference/figures/drawing.node.js';
import { lineStyle } from '../../inference/figures/theme.js';
import { bulk, runningMean, SMOOTH_FROM, smoothRadius } from '../report/smoothing.js';
import type { ComparedRun, RunComparison } from './comparison.node.js';
import type { NumberRow } from './tail.node.js';

/** A chart of the comparison. */
export interface RunChart {
  title: string;
  caption: string;
  /** @param title whether the title is drawn too */
  drawing(size?: ChartSize, title?: boolean): Drawing;
}

interface Curve {
  title: string;
  yTitle: string;
  caption: string;
  name: string;
  rows: (run: ComparedRun) => readonly NumberRow[];
  y?: ChartAxis;
}

const metrics = (run: ComparedRun) => run.metrics;
const quality = (run: ComparedRun) => run.quality;
const probability = { yTitle: 'mean probability of “real”', y: { min: 0, max: 1 } };

const curves: readonly Curve[] = [
  { title: 'Loss_D', yTitle: 'loss', caption: 'Loss of the discriminator.', name: 'lossD', rows: metrics },
  { title: 'Loss_G', yTitle: 'loss', caption: 'Loss of the generator.', name: 'lossG', rows: metrics },
  { title: 'D(x)', caption: 'Score of real pictures.', name: 'dReal', rows: metrics, ...probability },
  {
    title: 'D(G(z))',
    caption: 'Score of generated pictures, before the discriminator’s update.',
    name: 'dFakeBefore',
    rows: metrics,
    ...probability,
  },
  { title: 'Fréchet distance', yTitle: 'lower is better', caption: 'Lower is better.', name: 'frechet', rows: quality },
  { title: 'KID', yTitle: 'lower is better', caption: 'Lower is better.', name: 'kid', rows: quality },
];

/** The charts for which a run has numbers. */
export function runCharts({ runs }: RunComparison): RunChart[] {
  return curves.flatMap(({ title, yTitle, caption, name, rows, y = {} }) => {
    const { lines, isSmooth } = linesOf(runs.map((run) => ({ label: run.label, points: pointsOf(rows(run), name) })));
    if (lines.length === 0) return [];
    const values = lines.flatMap(({ points }) => points.map((point) => point.y));
    const axis = name.startsWith('loss') ? { ...bulk(values), ...y } : y;
    return [
      {
        title,
        caption: isSmooth ? `${caption} Running means.` : caption,
        drawing: (size = CHART_SIZE, isTitled = true) =>
          linePlot({ title: isTitled ? title : '', xTitle: 'step', yTitle, lines, wholeX: true, y: axis }, size),
      },
    ];
  });
}

/**
 * The lines of a chart. Of many points they are running means over the same number of steps, so that a short run does not look
 * noisier than a long one.
 */
export function linesOf(runs: readonly { label: string; points: readonly PlotPoint[] }[]): {
  lines: PlotLine[];
  isSmooth: boolean;
} {
  const isSmooth = runs.some(({ points }) => points.length >= SMOOTH_FROM);
  const radius = Math.max(...runs.map(({ points }) => smoothRadius(points)));
  const lines = runs.flatMap(({ label, points }, at): PlotLine[] => {
    if (!points.some(({ y }) => Number.isFinite(y))) return [];
    return [{ label, ...lineStyle(at), points: isSmooth ? runningMean(points, radius) : points }];
  });
  return { lines, isSmooth };
}

const pointsOf = (rows: readonly NumberRow[], name: string): PlotPoint[] =>
  rows.map((row) => ({ x: row['step'] as number, y: row[name] ?? Number.NaN }));
