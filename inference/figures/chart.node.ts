/** @file Charts in the look of the theme, drawn by chart.js. */
import type { SKRSContext2D } from 'canvas';
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
  Ticks,
  Title,
  type ChartConfiguration,
  type ChartType,
  type Scale,
  type Tick,
} from 'chart.js';
import { registerFonts } from './canvas.node.js';
import type { Drawing } from './drawing.node.js';
import { withMinus } from './numbers.js';
import { FONT_FAMILY, light } from './theme.js';

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

/** The words of a chart. */
export interface ChartText {
  /** Heading; an empty one is left out. */
  title: string;
  xTitle: string;
  yTitle: string;
}

/** An axis. An end that is not given follows the data; a linear axis always shows 0 unless an end excludes it. */
export interface ChartAxis {
  min?: number;
  max?: number;
  logarithmic?: boolean;
  /** Whether it shows whole numbers only. */
  whole?: boolean;
}

/** Size of a chart in layout pixels. */
export interface ChartSize {
  width: number;
  height: number;
}

/** The size of charts of their own; those inside a page are smaller. */
export const CHART_SIZE: ChartSize = { width: 900, height: 420 };
/** Narrower charts have smaller headings, and their legend takes less room. */
const NARROW = 600;

/** A chart of points: what chart.js calls its type and data. */
export type ChartData<T extends ChartType> = Pick<ChartConfiguration<T, { x: number; y: number }[]>, 'type' | 'data'>;

/** The chart, its title and legend above it on the left. */
export function chartDrawing<T extends ChartType>(
  { type, data }: ChartData<T>,
  text: ChartText,
  axes: { x?: ChartAxis; y?: ChartAxis } = {},
  { width, height }: ChartSize = CHART_SIZE,
): Drawing {
  return {
    width,
    height,
    draw(context, scale) {
      registerFonts();
      const canvas = canvasFor(context, width, height);
      const configuration = { type, data, options: chartOptions(type, text, axes, width, scale) };
      // The types of chart.js ask for the canvas of a browser and cannot infer options from a type parameter.
      new Chart(canvas as unknown as HTMLCanvasElement, configuration as unknown as ChartConfiguration).destroy();
    },
  };
}

/** A canvas for chart.js that leaves the context's transform and what is drawn on it already. */
function canvasFor(context: SKRSContext2D, width: number, height: number) {
  const withheld = new Set<string | symbol>(['setTransform', 'resetTransform', 'clearRect']);
  const view: SKRSContext2D = new Proxy(context, {
    get(target, key) {
      if (key === 'canvas') return canvas;
      if (withheld.has(key)) return () => undefined;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
  const canvas = { width, height, getContext: () => view };
  return canvas;
}

function chartOptions(
  type: ChartType,
  { title, xTitle, yTitle }: ChartText,
  { x = {}, y = {} }: { x?: ChartAxis; y?: ChartAxis },
  width: number,
  scale: number,
): ChartConfiguration['options'] {
  const narrow = width < NARROW;
  const font = (weight: 'normal' | 'bold', size: number) => ({ family: FONT_FAMILY, size, weight });
  const axis = (words: string, { min, max, logarithmic = false, whole = false }: ChartAxis) => ({
    type: logarithmic ? ('logarithmic' as const) : ('linear' as const),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    title: { display: words !== '', text: words, color: light.muted, font: font('normal', 13) },
    ticks: {
      color: light.muted,
      font: font('normal', 12),
      maxRotation: 0,
      ...(narrow && { maxTicksLimit: 6 }),
      ...(whole && { precision: 0 }),
      callback(this: Scale, value: number, index: number, ticks: Tick[]) {
        const format = logarithmic ? Ticks.formatters.logarithmic : Ticks.formatters.numeric;
        return withMinus(format.call(this, value, index, ticks)).replace('E', 'e');
      },
    },
    grid: { color: ({ tick }: { tick?: { value: number } }) => (tick?.value === 0 ? light.wellBorder : light.rule) },
    border: { color: light.muted },
  });
  return {
    animation: false,
    responsive: false,
    devicePixelRatio: scale,
    parsing: false,
    normalized: true,
    events: [],
    locale: 'en-US',
    layout: {
      padding: narrow ? { top: 8, right: 14, bottom: 4, left: 4 } : { top: 12, right: 36, bottom: 12, left: 16 },
    },
    scales: {
      x: { offset: false, ...axis(xTitle, x) },
      y: { ...(y.logarithmic !== true && { beginAtZero: true }), ...axis(yTitle, y) },
    },
    plugins: {
      decimation: { enabled: true, algorithm: 'min-max' },
      title: {
        display: title !== '',
        text: title,
        align: 'start',
        color: light.ink,
        font: font('bold', 16),
        padding: { top: 0, bottom: 2 },
      },
      legend: {
        align: 'start',
        labels: {
          color: light.ink,
          font: font('normal', 13),
          ...(type === 'line'
            ? { usePointStyle: true, pointStyle: 'line', padding: narrow ? 8 : 14 }
            : { boxWidth: 14 }),
          filter: ({ text }: { text?: string }) => text !== undefined && text !== '',
        },
      },
    },
  } as ChartConfiguration['options'];
}
