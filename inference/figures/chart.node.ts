/** @file Charts as PNG files, by chart.js, with one look; and histograms on common bins. */
import {
  BarController,
  BarElement,
  Chart,
  Decimation,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Title,
  type ChartConfiguration,
  type ChartType,
} from 'chart.js';
import { InputError } from '../../onnx/errors.js';
import { FONT_FAMILY, figureCanvas } from './canvas.node.js';

Chart.register(
  BarController,
  BarElement,
  Decimation,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Title,
);

export const INK = '#1a1a1a';
const MUTED = '#5c5c5c';
const RULE = '#e4e4e4';
const WIDTH = 900;
const HEIGHT = 420;

/** Colours of plots, in the order in which they are taken. */
export const PALETTE = ['#1f5fa8', '#d1600f', '#8e44ad'] as const;

/** What a plot says beside its data. */
export interface PlotText {
  title: string;
  xTitle: string;
  yTitle: string;
}

/** Values of one kind in a histogram. */
export interface HistogramSeries {
  label: string;
  colour: string;
  values: readonly number[];
}

const BINS = 40;

/**
 * Histograms of several series over the same bins, laid over each other, as shares of each series, as a PNG file.
 * @throws InputError if a series is empty or holds a number that is not finite
 */
export function histogramPng(series: readonly HistogramSeries[], text: PlotText): Uint8Array {
  const all = series.flatMap(({ values }) => values);
  if (series.some(({ values }) => values.length === 0) || !all.every(Number.isFinite)) {
    throw new InputError({ name: 'histogram', expected: 'finite numbers in every series', got: 'none or others' });
  }
  const [least, most] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const width = (most - least || 1) / BINS;
  return chartPng(
    {
      type: 'bar',
      data: {
        datasets: series.map(({ label, colour, values }) => {
          const counts = new Float64Array(BINS);
          for (const value of values) {
            const bin = Math.min(BINS - 1, Math.floor((value - least) / width));
            counts[bin] = (counts[bin] as number) + 1;
          }
          return {
            label: `${label} (${values.length})`,
            data: Array.from(counts, (count, bin) => ({ x: least + (bin + 0.5) * width, y: count / values.length })),
            backgroundColor: `${colour}90`,
            borderColor: colour,
            borderWidth: 1,
            barPercentage: 1,
            categoryPercentage: 1,
            grouped: false,
          };
        }),
      },
    },
    text,
  );
}

/** An axis: without ends the data decide; one that is not logarithmic starts at 0 unless it says otherwise. */
export interface PlotAxis {
  min?: number;
  max?: number;
  logarithmic?: boolean;
  /** Whether it counts. */
  whole?: boolean;
}

/** A chart on white, its title and legend to the left above it, as a PNG file. */
export function chartPng<T extends ChartType>(
  { type, data }: Pick<ChartConfiguration<T, { x: number; y: number }[]>, 'type' | 'data'>,
  { title, xTitle, yTitle }: PlotText,
  { x = {}, y = {} }: { x?: PlotAxis; y?: PlotAxis } = {},
): Uint8Array {
  const canvas = figureCanvas(WIDTH, HEIGHT);
  const font = (weight: 'normal' | 'bold', size: number) => ({ family: FONT_FAMILY, size, weight });
  const axis = (text: string, { min, max, logarithmic = false, whole = false }: PlotAxis) => ({
    type: logarithmic ? ('logarithmic' as const) : ('linear' as const),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    title: { display: true, text, color: MUTED, font: font('normal', 13) },
    ticks: { color: MUTED, font: font('normal', 12), maxRotation: 0, ...(whole && { precision: 0 }) },
    grid: { color: RULE },
    border: { color: MUTED },
  });
  const configuration: ChartConfiguration<ChartType, { x: number; y: number }[]> = {
    type,
    data: data as ChartConfiguration<ChartType, { x: number; y: number }[]>['data'],
    options: {
      animation: false,
      responsive: false,
      devicePixelRatio: 2,
      parsing: false,
      normalized: true,
      events: [],
      locale: 'en-US',
      layout: { padding: { top: 12, right: 36, bottom: 12, left: 16 } },
      scales: {
        x: { offset: false, ...axis(xTitle, x), grid: { color: RULE, offset: false } },
        y: axis(yTitle, { ...(!y.logarithmic && { min: 0 }), ...y }),
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
            ...(type === 'line' ? { usePointStyle: true, pointStyle: 'line', padding: 14 } : { boxWidth: 14 }),
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
  };
  // chart.js asks of a canvas only what this one has; its types know the browser's alone.
  const chart = new Chart(canvas as unknown as HTMLCanvasElement, configuration);
  const png = canvas.toBuffer('image/png');
  chart.destroy();
  return png;
}
