/** @file Line plots as PNG files, drawn by chart.js: one look for all that the package plots. */
import { Chart, Decimation, Legend, LinearScale, LineController, LineElement, PointElement, Title } from 'chart.js';
import { InputError } from '../onnx/errors.js';
import { FONT_FAMILY, figureCanvas } from './canvas.node.js';

Chart.register(Decimation, Legend, LinearScale, LineController, LineElement, PointElement, Title);

/** A value at a place of the horizontal axis; one that is not a number leaves a gap. */
export interface PlotPoint {
  x: number;
  y: number;
}

/** A line of a plot. */
export interface PlotLine {
  /** Its name in the legend; without one it is not listed. */
  label?: string;
  /** `#rrggbb` or `#rrggbbaa` */
  colour: string;
  /** Ordered by x. */
  points: readonly PlotPoint[];
  /** Default 2. */
  width?: number;
  /** Radius of a dot at each point, default 0. */
  dots?: number;
  dashed?: boolean;
}

/** A line plot. */
export interface LinePlot {
  title: string;
  xTitle: string;
  yTitle: string;
  lines: readonly PlotLine[];
  /** Ends of the vertical axis: 0 and what the data need, where they are not given. */
  yMin?: number;
  yMax?: number;
  /** Whether the horizontal axis counts. */
  wholeX?: boolean;
}

export const INK = '#1a1a1a';
const MUTED = '#5c5c5c';
const RULE = '#e4e4e4';
const WIDTH = 900;
const HEIGHT = 420;
const PIXEL_RATIO = 2;

function font(weight: 'normal' | 'bold', size: number): { family: string; size: number; weight: 'normal' | 'bold' } {
  return { family: FONT_FAMILY, size, weight };
}

/** The ends of the horizontal axis. @throws InputError if there are no points */
function extent(lines: readonly PlotLine[]): [number, number] {
  const places = lines.flatMap(({ points }) => [points[0], points.at(-1)]).flatMap((point) => point?.x ?? []);
  if (places.length === 0) throw new InputError('plot: expected at least one point; got none');
  const [first, last] = [Math.min(...places), Math.max(...places)];
  return first === last ? [first - 1, last + 1] : [first, last];
}

/**
 * A plot as a PNG file. Points beyond what the width can show are thinned, their extremes kept.
 * @throws InputError if there are no points
 */
export function linePlotPng({ title, xTitle, yTitle, lines, yMin = 0, yMax, wholeX = false }: LinePlot): Uint8Array {
  const [first, last] = extent(lines);
  const canvas = figureCanvas(WIDTH, HEIGHT);
  const axisTitle = { display: true, color: MUTED, font: font('normal', 13) };
  const ticks = { color: MUTED, font: font('normal', 12), maxRotation: 0 };
  // Only the ends of the axes may cut a line, not a point on them.
  const clip = { left: 6, right: 6, top: 0, bottom: 6 };
  // chart.js asks of a canvas only what this one has; its types know the browser's alone.
  const chart = new Chart(canvas as unknown as HTMLCanvasElement, {
    type: 'line',
    data: {
      datasets: lines.map(({ label, colour, points, width = 2, dots = 0, dashed = false }) => ({
        ...(label !== undefined && { label }),
        data: [...points],
        clip,
        borderColor: colour,
        backgroundColor: colour,
        borderJoinStyle: 'round',
        borderWidth: width,
        borderDash: dashed ? [6, 4] : [],
        pointRadius: dots,
      })),
    },
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
          min: first,
          max: last,
          title: { ...axisTitle, text: xTitle },
          ticks: { ...ticks, ...(wholeX && { precision: 0 }) },
          grid: { color: RULE },
          border: { color: MUTED },
        },
        y: {
          type: 'linear',
          min: yMin,
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
