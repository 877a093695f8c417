/** @file Charts in the look of the theme, drawn by chart.js. */
import type { SKRSContext2D } from 'canvas';
import {
  BarController,
  BarElement,
  Chart,
  Decimation,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Ticks,
  type ChartConfiguration,
  type ChartDataset,
  type ChartType,
  type Scale,
  type Tick,
} from 'chart.js';
import { textRuler } from '../boxes.node.js';
import type { Drawing } from '../drawing.node.js';
import { withMinus } from '../numbers.js';
import { wrappedLines } from '../text.node.js';
import { FONT_FAMILY, light, TITLE_FONT, TITLE_LINE } from '../theme.js';
import { drawLegend, legendOf, type LegendEntry } from './legend.node.js';

Chart.register(
  BarController,
  BarElement,
  Decimation,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
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
  /** Whether its ends are just room around the points, and are not named. */
  roomy?: boolean;
}

/** Size of a chart in layout pixels. */
export interface ChartSize {
  width: number;
  /** By default so that the part below title and legend has room, however many rows these take. */
  height?: number;
}

/** The size of charts of their own; those inside a page are smaller. */
export const CHART_SIZE = { width: 900, height: 420 } as const satisfies ChartSize;
/** Narrower charts have narrower margins and fewer ticks. */
const NARROW = 600;

/** A chart of points: what chart.js calls its type and data, and its legend. */
export interface ChartData<T extends ChartType> {
  type: T;
  datasets: ChartDataset<T, { x: number; y: number }[]>[];
  legend: readonly LegendEntry[];
}

const TEXT_FONT = `13px "${FONT_FAMILY}"`;
/** What the numbers of an axis, its title and the margins take of the other axis' length. */
const AXIS_ROOM = 64;

/** The chart, its title and legend above it on the left. */
export function chartDrawing<T extends ChartType>(
  { type, datasets, legend: entries }: ChartData<T>,
  { title, xTitle, yTitle }: ChartText,
  axes: { x?: ChartAxis; y?: ChartAxis } = {},
  { width, height: given }: ChartSize = CHART_SIZE,
): Drawing {
  const narrow = width < NARROW;
  const [left, top] = narrow ? [8, 8] : [16, 14];
  const ruler = textRuler();
  const legend = legendOf(entries, width - 2 * left, TEXT_FONT, ruler);
  ruler.font = TITLE_FONT;
  const heading = title === '' ? [] : wrappedLines(ruler, title, width - 2 * left, 2);
  const legendTop = top + (heading.length === 0 ? 0 : heading.length * TITLE_LINE + 4);
  const above = legendTop + legend.height;
  const height = given ?? above + Math.round(Math.max(200, 0.4 * width));
  ruler.font = TEXT_FONT;
  const titles = {
    x: wrappedLines(ruler, xTitle, width - 2 * left - AXIS_ROOM, 2),
    y: wrappedLines(ruler, yTitle, height - above - AXIS_ROOM, 2),
  };
  return {
    width,
    height,
    draw(context, scale) {
      context.fillStyle = light.ink;
      context.font = TITLE_FONT;
      context.textAlign = 'left';
      heading.forEach((line, i) => context.fillText(line, left, top + (i + 0.5) * TITLE_LINE));
      drawLegend(context, legend, left, legendTop, TEXT_FONT);
      context.save();
      context.translate(0, above);
      const canvas = canvasFor(context, width, height - above);
      const configuration = { type, data: { datasets }, options: chartOptions(titles, axes, narrow, scale) };
      // The types of chart.js ask for the canvas of a browser and cannot infer options from a type parameter.
      new Chart(canvas as unknown as HTMLCanvasElement, configuration as unknown as ChartConfiguration).destroy();
      context.restore();
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
  titles: { x: string[]; y: string[] },
  { x = {}, y = {} }: { x?: ChartAxis; y?: ChartAxis },
  narrow: boolean,
  scale: number,
): ChartConfiguration['options'] {
  const font = (size: number) => ({ family: FONT_FAMILY, size });
  const axis = (words: string[], { min, max, logarithmic = false, whole = false, roomy = false }: ChartAxis) => ({
    type: logarithmic ? ('logarithmic' as const) : ('linear' as const),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    title: { display: words.some((line) => line !== ''), text: words, color: light.muted, font: font(13) },
    ticks: {
      color: light.muted,
      font: font(12),
      maxRotation: 0,
      ...(narrow && { maxTicksLimit: 6 }),
      ...(whole && { precision: 0 }),
      ...(roomy && { includeBounds: false }),
      callback(this: Scale, value: number, index: number, ticks: Tick[]) {
        // Chart.js names all ticks near the end of a logarithmic axis, and their names would overlap.
        if (logarithmic && !/^[125]/.test(value.toExponential(0))) return '';
        if (roomy && (value === min || value === max)) return '';
        const name = withMinus(Ticks.formatters.numeric.call(this, value, index, ticks)).replace('E', 'e');
        return logarithmic ? name.replace(/^(\d+\.\d*?)0+$/, '$1').replace(/\.$/, '') : name;
      },
    },
    grid: {
      offset: false,
      color: ({ tick }: { tick?: { value: number } }) => (tick?.value === 0 ? light.wellBorder : light.rule),
    },
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
      padding: narrow ? { top: 6, right: 14, bottom: 4, left: 4 } : { top: 6, right: 36, bottom: 12, left: 16 },
    },
    scales: {
      x: { offset: false, ...axis(titles.x, x) },
      y: { ...(y.logarithmic !== true && { beginAtZero: true }), ...axis(titles.y, y) },
    },
    plugins: { decimation: { enabled: true, algorithm: 'min-max' } },
  } as ChartConfiguration['options'];
}
