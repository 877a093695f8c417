/** @file What a run shows of itself: its losses, its scores, and real pictures beside generated ones. */
import { FONT_FAMILY, figureCanvas, pictureCanvas } from '../../inference/figures/canvas.node.js';
import { INK } from '../../inference/figures/chart.node.js';
import { pictureGrid } from '../../inference/pictures/grid.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { linePlotPng, type PlotLine, type PlotPoint } from '../../inference/figures/plot.node.js';
import { InputError } from '../../onnx/errors.js';
import type { QualityRow } from '../quality/quality.js';

/** One step of training, a line of metrics.jsonl. */
export interface StepRow {
  /** Updates done, the first is 1. */
  step: number;
  epoch: number;
  /** Mean losses of the step; of binary cross-entropy in nats. */
  lossD: number;
  lossG: number;
  /** Mean probability of "real" for the real pictures, D(x). */
  dReal: number;
  /** The same for the generated pictures, D(G(z)), before and after the discriminator's update. */
  dFakeBefore: number;
  dFakeAfter: number;
  /** Duration of the step in seconds. */
  seconds: number;
}

/** How a plot looks. */
export interface PlotOptions {
  /** Heading; by default it says what is plotted. */
  title?: string;
}

interface Series<Row> {
  label: string;
  colour: string;
  value: (row: Row) => number;
}

interface Plot<Row> {
  title: string;
  yTitle: string;
  series: readonly Series<Row>[];
  /** End of the vertical axis; without it the data decide. */
  yMax?: number;
}

const BLUE = '#1f5fa8';
const ORANGE = '#d1600f';
const PURPLE = '#8e44ad';
/** From so many rows on, single steps are drawn thin and their running mean bold. */
const SMOOTH_FROM = 200;

const LOSSES: readonly Series<StepRow>[] = [
  { label: 'Loss_D', colour: BLUE, value: (row) => row.lossD },
  { label: 'Loss_G', colour: ORANGE, value: (row) => row.lossG },
];
const SCORES: readonly Series<StepRow>[] = [
  { label: 'D(x)', colour: BLUE, value: (row) => row.dReal },
  { label: 'D(G(z)) before D’s update', colour: ORANGE, value: (row) => row.dFakeBefore },
  { label: 'D(G(z)) after D’s update', colour: PURPLE, value: (row) => row.dFakeAfter },
];

/** Mean of the finite values among each point and up to `radius` others on either side of it. */
function runningMean(points: readonly PlotPoint[], radius: number): PlotPoint[] {
  const sums = new Float64Array(points.length + 1);
  const counts = new Float64Array(points.length + 1);
  points.forEach(({ y }, i) => {
    const known = Number.isFinite(y);
    sums[i + 1] = (sums[i] ?? 0) + (known ? y : 0);
    counts[i + 1] = (counts[i] ?? 0) + (known ? 1 : 0);
  });
  return points.map(({ x }, i) => {
    const [from, to] = [Math.max(0, i - radius), Math.min(points.length, i + radius + 1)];
    return { x, y: ((sums[to] ?? 0) - (sums[from] ?? 0)) / ((counts[to] ?? 0) - (counts[from] ?? 0)) };
  });
}

/** The lines of one series: its steps, and over many steps their running mean; only the bold one has a name. */
function seriesLines<Row extends { step: number }>(
  { label, colour, value }: Series<Row>,
  rows: readonly Row[],
): PlotLine[] {
  const points = rows.map((row) => ({ x: row.step, y: value(row) }));
  if (points.length < SMOOTH_FROM) return [{ label, colour, points, dots: points.length < 40 ? 2.5 : 0 }];
  return [
    { label, colour, points: runningMean(points, Math.round(points.length / 50)) },
    { colour: `${colour}40`, points, width: 1 },
  ];
}

/** A plot over steps as a PNG file. */
function stepPlotPng<Row extends { step: number }>(
  rows: readonly Row[],
  { title, yTitle, series, yMax }: Plot<Row>,
): Uint8Array {
  if (rows.length === 0) throw new InputError({ name: 'plot', expected: 'at least one step', got: 'none' });
  const lines = series.flatMap((each) => seriesLines(each, rows));
  return linePlotPng({
    title,
    xTitle: 'step',
    yTitle,
    lines,
    wholeX: true,
    ...(yMax !== undefined && { y: { max: yMax } }),
  });
}

/**
 * Where the axis of losses ends, and how many values lie beyond. A few spikes, as at the start of a run, would flatten
 * all the rest, so that many steps are shown up to just above their 99.5th percentile.
 */
function lossLimit(rows: readonly StepRow[]): { yMax?: number; beyond: number } {
  const values = Float64Array.from(rows.flatMap(({ lossD, lossG }) => [lossD, lossG]).filter(Number.isFinite)).sort();
  const limit = 1.2 * (values[Math.floor(0.995 * (values.length - 1))] ?? 0);
  if (rows.length < SMOOTH_FROM || limit <= 0 || (values.at(-1) ?? 0) <= 1.25 * limit) return { beyond: 0 };
  const unit = 10 ** Math.floor(Math.log10(limit));
  const yMax = (Math.ceil((2 * limit) / unit) * unit) / 2;
  return { yMax, beyond: values.filter((value) => value > yMax).length };
}

/**
 * Loss_D and Loss_G over steps as a PNG file.
 * @param rows in the order of their steps, at least one; steps whose loss is not a number leave a gap
 * @throws InputError if there are no rows
 */
export function lossPlotPng(rows: readonly StepRow[], options: PlotOptions = {}): Uint8Array {
  const { title = 'Losses of discriminator and generator' } = options;
  const { beyond, ...limit } = lossLimit(rows);
  const yTitle =
    beyond === 0 ? 'loss' : `loss (${beyond} of ${(2 * rows.length).toLocaleString('en-US')} values lie above)`;
  return stepPlotPng(rows, { title, yTitle, series: LOSSES, ...limit });
}

/**
 * D(x), and D(G(z)) before and after the discriminator's update, over steps, as a PNG file.
 * @param rows in the order of their steps, at least one
 * @throws InputError if there are no rows
 */
export function scorePlotPng(rows: readonly StepRow[], options: PlotOptions = {}): Uint8Array {
  const { title = 'What the discriminator takes for real' } = options;
  return stepPlotPng(rows, { title, yTitle: 'mean probability of “real”', series: SCORES, yMax: 1 });
}

/**
 * The distance between real and generated pictures over steps, as a PNG file: the Fréchet distance where every evaluation
 * has one, else KID.
 * @param rows in the order of their steps, at least one
 * @throws InputError if there are no rows
 */
export function qualityPlotPng(rows: readonly QualityRow[], options: PlotOptions = {}): Uint8Array {
  const frechet = rows.every((row) => row.frechet !== undefined);
  const label = frechet ? 'Fréchet distance' : 'KID';
  const { title = `Distance of generated from real pictures: ${label}` } = options;
  const value = (row: QualityRow) => (frechet ? row.frechet : row.kid) ?? Number.NaN;
  return stepPlotPng(rows, { title, yTitle: 'lower is better', series: [{ label, colour: BLUE, value }] });
}

/**
 * Real pictures and generated ones in two square grids side by side, as a PNG file.
 * @param real at least one, of the same size as all others
 * @param fake at least one
 * @param step updates after which `fake` were generated
 * @throws InputError if either is empty or sizes differ
 */
export function realVsFakePng(real: readonly Picture[], fake: readonly Picture[], step: number): Uint8Array {
  const [margin, heading, gridWidth, padding] = [32, 56, 1100, 2];
  const columns = Math.ceil(Math.sqrt(Math.max(real.length, fake.length)));
  const grids = [real, fake].map((pictures) => pictureGrid(pictures, columns, { padding, background: 255 }));
  const widest = Math.max(...grids.map(({ width }) => width));
  // Whole multiples keep pixels square and sharp.
  const factor = widest < gridWidth ? Math.floor(gridWidth / widest) : gridWidth / widest;
  const width = Math.round(widest * factor);
  const height = Math.round(Math.max(...grids.map((grid) => grid.height)) * factor);
  const canvas = figureCanvas(3 * margin + 2 * width, margin + heading + height + margin);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = factor < 1;
  context.imageSmoothingQuality = 'high';
  context.fillStyle = INK;
  context.font = `bold 28px ${FONT_FAMILY}`;
  context.textBaseline = 'middle';
  grids.forEach((grid, i) => {
    const left = margin + i * (width + margin);
    const text = i === 0 ? 'Real pictures' : `Generated (step ${step.toLocaleString('en-US')})`;
    context.fillText(text, left + padding * factor, margin + heading / 2 - 6, width);
    context.drawImage(pictureCanvas(grid), left, margin + heading, grid.width * factor, grid.height * factor);
  });
  return canvas.toBuffer('image/png');
}
