/** @file Curves over training steps, as SVG. */

/** One line of a chart. */
export interface Curve<Row> {
  label: string;
  value: (row: Row) => number;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [360, 200, 44, 24, 20];
/** Points of a line; more are averaged. */
const MAX_POINTS = 300;

/** Draws the curves. Returns their latest values in words. */
export function curves<Row extends Readonly<Record<string, number>>>(
  svg: SVGSVGElement,
  rows: readonly Row[],
  lines: readonly Curve<Row>[],
  title: string,
): string {
  const points = lines.map(({ value }) => averaged(rows.map(value)));
  const all = points.flat().filter(Number.isFinite);
  const most = all.reduce((a, b) => Math.max(a, b), 0) || 1;
  const x = (at: number, count: number) => LEFT + (at / Math.max(1, count - 1)) * (WIDTH - LEFT - 8);
  const y = (value: number) => TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM);
  const steps = [rows[0]?.['step'] ?? 0, rows.at(-1)?.['step'] ?? 0];
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.replaceChildren(
    made('line', { class: 'axis', x1: LEFT, x2: WIDTH - 8, y1: y(0), y2: y(0) }),
    made('line', { class: 'axis', x1: LEFT, x2: LEFT, y1: TOP, y2: y(0) }),
    text(LEFT - 4, y(0), '0', 'end'),
    text(LEFT - 4, TOP + 8, String(Number(most.toPrecision(2))), 'end'),
    text(LEFT, HEIGHT - 6, `step ${steps[0]}`, 'start'),
    text(WIDTH - 8, HEIGHT - 6, String(steps[1]), 'end'),
    ...lines.map(({ label }, i) => text(LEFT + 8 + i * 90, 14, label, 'start', `series-${i}`)),
    ...points.map((line, i) =>
      made('polyline', {
        class: `series-${i}`,
        points: line.map((value, at) => `${x(at, line.length).toFixed(1)},${y(value).toFixed(1)}`).join(' '),
      }),
    ),
  );
  const last = rows.at(-1) as Row;
  return `${title} at step ${steps[1]}: ${lines.map(({ label, value }) => `${label} ${value(last).toFixed(3)}`).join(', ')}`;
}

/** At most `MAX_POINTS` means of neighbours; numbers that are not finite are left out. */
function averaged(values: readonly number[]): number[] {
  const size = Math.max(1, values.length / MAX_POINTS);
  return Array.from({ length: Math.min(values.length, MAX_POINTS) }, (_, i) => {
    const part = values.slice(Math.floor(i * size), Math.max(Math.floor(i * size) + 1, Math.floor((i + 1) * size)));
    const finite = part.filter(Number.isFinite);
    return finite.reduce((sum, value) => sum + value, 0) / Math.max(1, finite.length);
  });
}

function made(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

function text(x: number, y: number, words: string, anchor: 'start' | 'end', series?: string): SVGElement {
  const element = made('text', { x, y, 'text-anchor': anchor, ...(series !== undefined && { class: series }) });
  element.textContent = words;
  return element;
}
