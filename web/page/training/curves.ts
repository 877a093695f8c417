/** @file Curves over training steps, as SVG. */
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { lineStyle } from '../../../inference/figures/theme.js';

/** One line of a chart. */
export interface Curve<Row> {
  label: string;
  value: (row: Row) => number;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP] = [360, 220, 44, 10, 26, 26];
/** Length of a line in the legend. */
const SAMPLE = 26;
/** The most points of a line; neighbours are averaged to get there. */
const MAX_POINTS = 300;

/** Draws the curves over the steps. Returns their latest values in words. */
export function curves<Row extends Readonly<Record<string, number>>>(
  svg: SVGSVGElement,
  rows: readonly Row[],
  lines: readonly Curve<Row>[],
  title: string,
): string {
  const points = lines.map(({ value }) => averaged(rows.map(value)));
  const ticks = ticksOf(points.flat().filter(Number.isFinite));
  const [least, most] = [ticks[0] as number, ticks.at(-1) as number];
  const x = (at: number, count: number) => LEFT + (at / Math.max(1, count - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + ((most - value) / (most - least)) * (HEIGHT - TOP - BOTTOM);
  const steps = [rows[0]?.['step'] ?? 0, rows.at(-1)?.['step'] ?? 0] as const;
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.replaceChildren(
    ...ticks.flatMap((tick) => [
      made('line', { class: tick === 0 ? 'zero' : 'axis', x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }),
      text(LEFT - 6, y(tick) + 4, formattedNumber(tick), 'end'),
    ]),
    text(LEFT, HEIGHT - 6, `step ${steps[0].toLocaleString('en-US')}`, 'start'),
    text(WIDTH - RIGHT, HEIGHT - 6, steps[1].toLocaleString('en-US'), 'end'),
    ...lines.flatMap(({ label }, i) => [
      made('line', { ...look(i), x1: LEFT + i * 100, x2: LEFT + SAMPLE + i * 100, y1: 10, y2: 10 }),
      text(LEFT + SAMPLE + 6 + i * 100, 14, label, 'start'),
    ]),
    ...points.flatMap((line, i) =>
      unbroken(line).map((part) =>
        made('polyline', {
          ...look(i),
          points: part.map(({ at, value }) => `${x(at, line.length).toFixed(1)},${y(value).toFixed(1)}`).join(' '),
        }),
      ),
    ),
  );
  const last = rows.at(-1);
  const values = last ? lines.map(({ label, value }) => `${label} ${valueText(value(last))}`) : [];
  return `${title} at step ${steps[1].toLocaleString('en-US')}: ${values.join(', ')}`;
}

/** Colour, from the page's style, and dashes of a line. */
const look = (index: number) => ({
  class: `series-${index}`,
  'stroke-dasharray': lineStyle(index).dash.join(' ') || 'none',
});

const valueText = (value: number) => (Number.isFinite(value) ? formattedNumber(value) : 'not a number');

/** Three to six round numbers that enclose the values and 0. */
function ticksOf(values: readonly number[]): number[] {
  const [least, most] = [values.reduce((a, b) => Math.min(a, b), 0), values.reduce((a, b) => Math.max(a, b), 0)];
  const range = most - least || 1;
  const unit = 10 ** Math.floor(Math.log10(range));
  const step = ([0.2, 0.25, 0.5, 1].find((share) => range / (share * unit) <= 4) ?? 2) * unit;
  const [from, to] = [Math.floor(least / step), Math.max(Math.ceil(most / step), Math.floor(least / step) + 1)];
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
}

/** The parts of a line between values that are not finite. */
function unbroken(line: readonly number[]): { at: number; value: number }[][] {
  const parts: { at: number; value: number }[][] = [[]];
  line.forEach((value, at) => {
    if (Number.isFinite(value)) parts.at(-1)?.push({ at, value });
    else parts.push([]);
  });
  return parts.filter((part) => part.length > 0);
}

/** At most `MAX_POINTS` means of neighbours; a mean is NaN if none of them is finite. */
function averaged(values: readonly number[]): number[] {
  const size = Math.max(1, values.length / MAX_POINTS);
  return Array.from({ length: Math.min(values.length, MAX_POINTS) }, (_, i) => {
    const part = values.slice(Math.floor(i * size), Math.max(Math.floor(i * size) + 1, Math.floor((i + 1) * size)));
    const finite = part.filter(Number.isFinite);
    return finite.reduce((sum, value) => sum + value, 0) / finite.length;
  });
}

function made(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

function text(x: number, y: number, words: string, anchor: 'start' | 'end'): SVGElement {
  const element = made('text', { x, y, 'text-anchor': anchor });
  element.textContent = words;
  return element;
}
