/** @file What a run shows of itself: its losses, its scores, and real pictures beside generated ones. */
import { Chart, Decimation, Legend, LinearScale, LineController, LineElement, PointElement, Title } from 'chart.js';
import type { ChartDataset } from 'chart.js';
import { FONT_FAMILY, figureCanvas, pictureCanvas } from '../inference/canvas.node.js';
import { pictureGrid } from '../inference/grid.js';
import type { Picture } from '../inference/pictures.js';
import { InputError } from '../onnx/errors.js';

Chart.register(Decimation, Legend, LinearScale, LineController, LineElement, PointElement, Title);

/** One step of training, a line of metrics.jsonl. */
export interface StepRow {
  /** Updates done, the first is 1. */
  step: number;
  epoch: number;
  /** Mean losses of the step in nats. */
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

/** A value at a step. */
interface Point {
  x: number;
  y: number;
}

interface Series {
  label: string;
  colour: string;
  value: (row: StepRow) => number;
}

interface Plot {
  title: string;
  yTitle: string;
  series: readonly Series[];
  /** End of the vertical axis; without it the data decide. */
  yMax?: number;
}

const BLUE = '#1f5fa8';
const ORANGE = '#d1600f';
const PURPLE = '#8e44ad';
const INK = '#1a1a1a';
const MUTED = '#5c5c5c';
const RULE = '#e4e4e4';
const WIDTH = 900;
const HEIGHT = 420;
const PIXEL_RATIO = 2;
/** From so many rows on, single steps are drawn thin and their running mean bold. */
const SMOOTH_FROM = 200;

const LOSSES: readonly Series[] = [
  { label: 'Loss_D', colour: BLUE, value: (row) => row.lossD },
  { label: 'Loss_G', colour: ORANGE, value: (row) => row.lossG },
];
const SCORES: readonly Series[] = [
  { label: 'D(x)', colour: BLUE, value: (row) => row.dReal },
  { label: 'D(G(z)) before D’s update', colour: ORANGE, value: (row) => row.dFakeBefore },
  { label: 'D(G(z)) after D’s update', colour: PURPLE, value: (row) => row.dFakeAfter },
];

/** Mean of the finite values among each point and up to `radius` others on either side of it. */
function runningMean(points: readonly Point[], radius: number): Point[] {
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
function seriesLines({ label, colour, value }: Series, rows: readonly StepRow[]): ChartDataset<'line', Point[]>[] {
  const points = rows.map((row) => ({ x: row.step, y: value(row) }));
  // Only the ends of the axes may cut a line, not a point on them.
  const clip = { left: 6, right: 6, top: 0, bottom: 6 };
  const look = { clip, borderColor: colour, backgroundColor: colour, borderJoinStyle: 'round' } as const;
  const bold = { ...look, label, borderWidth: 2, pointRadius: 0 };
  if (points.length < SMOOTH_FROM) return [{ ...bold, data: points, pointRadius: points.length < 40 ? 2.5 : 0 }];
  return [
    { ...bold, data: runningMean(points, Math.round(points.length / 50)) },
    { ...look, data: points, borderColor: `${colour}40`, borderWidth: 1, pointRadius: 0 },
  ];
}

function font(weight: 'normal' | 'bold', size: number): { family: string; size: number; weight: 'normal' | 'bold' } {
  return { family: FONT_FAMILY, size, weight };
}

/** A line plot over steps as a PNG file. Rows beyond what the width can show are thinned, their extremes kept. */
function linePlotPng(rows: readonly StepRow[], { title, yTitle, series, yMax }: Plot): Uint8Array {
  const [first, last] = [rows[0]?.step, rows.at(-1)?.step];
  if (first === undefined || last === undefined) throw new InputError('plot: expected at least one step; got none');
  const canvas = figureCanvas(WIDTH, HEIGHT);
  const axisTitle = { display: true, color: MUTED, font: font('normal', 13) };
  const ticks = { color: MUTED, font: font('normal', 12), maxRotation: 0 };
  // chart.js asks of a canvas only what this one has; its types know the browser's alone.
  const chart = new Chart(canvas as unknown as HTMLCanvasElement, {
    type: 'line',
    data: { datasets: series.flatMap((each) => seriesLines(each, rows)) },
    options: {
      animation: false,
      responsive: false,
      devicePixelRatio: PIXEL_RATIO,
      parsing: false,
      normalized: true,
      events: [],
      locale: 'en-US',
      layout: { padding: { top: 12, right: 36, bottom: 12, left: 16 } },
      scales: {
        x: {
          type: 'linear',
          min: first === last ? first - 1 : first,
          max: first === last ? last + 1 : last,
          title: { ...axisTitle, text: 'step' },
          ticks: { ...ticks, precision: 0 },
          grid: { color: RULE },
          border: { color: MUTED },
        },
        y: {
          type: 'linear',
          min: 0,
          ...(yMax === undefined ? {} : { max: yMax }),
          title: { ...axisTitle, text: yTitle },
          ticks,
          grid: { color: RULE },
          border: { color: MUTED },
        },
      },
      plugins: {
        decimation: { enabled: true, algorithm: 'min-max' },
        title: {
          display: true,
          text: title,
          align: 'start',
          color: INK,
          font: font('bold', 16),
          padding: { top: 0, bottom: 2 },
        },
        legend: {
          align: 'start',
          labels: {
            color: INK,
            font: font('normal', 13),
            padding: 14,
            usePointStyle: true,
            pointStyle: 'line',
            filter: ({ text }) => text !== undefined && text !== '',
          },
        },
      },
    },
    plugins: [
      {
        id: 'paper',
        beforeDraw: ({ ctx }) => {
          ctx.fillStyle = 'white';
          ctx.fillRect(0, 0, WIDTH, HEIGHT);
        },
      },
    ],
  });
  const png = canvas.toBuffer('image/png');
  chart.destroy();
  return png;
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
    beyond === 0
      ? 'loss, nats'
      : `loss, nats (${beyond} of ${(2 * rows.length).toLocaleString('en-US')} values lie above)`;
  return linePlotPng(rows, { title, yTitle, series: LOSSES, ...limit });
}

/**
 * D(x), and D(G(z)) before and after the discriminator's update, over steps, as a PNG file.
 * @param rows in the order of their steps, at least one
 * @throws InputError if there are no rows
 */
export function scorePlotPng(rows: readonly StepRow[], options: PlotOptions = {}): Uint8Array {
  const { title = 'What the discriminator takes for real' } = options;
  return linePlotPng(rows, { title, yTitle: 'mean probability of “real”', series: SCORES, yMax: 1 });
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
