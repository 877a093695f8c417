/** @file Numbers of charts: ticks, and lines of many steps as few points. */

/** A place on a line: a step, and a value that is finite. */
export interface Point {
  step: number;
  value: number;
}

/** The most points of a line; neighbours are averaged to get there. */
const MAX_POINTS = 150;

/** Three to six round numbers that enclose the values and 0. */
export function ticksOf(values: readonly number[]): number[] {
  const [least, most] = [values.reduce((a, b) => Math.min(a, b), 0), values.reduce((a, b) => Math.max(a, b), 0)];
  const range = most - least || 1;
  const unit = 10 ** Math.floor(Math.log10(range));
  const step = ([0.2, 0.25, 0.5, 1].find((share) => range / (share * unit) <= 4) ?? 2) * unit;
  const [from, to] = [Math.floor(least / step), Math.max(Math.ceil(most / step), Math.floor(least / step) + 1)];
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
}

/** The parts of a line between values that are not finite, with at most `MAX_POINTS` means of neighbours in all. */
export function lineParts(points: readonly Point[]): Point[][] {
  const size = Math.max(1, points.length / MAX_POINTS);
  const parts: Point[][] = [[]];
  for (let i = 0; i < Math.min(points.length, MAX_POINTS); i++) {
    const from = Math.floor(i * size);
    const finite = points
      .slice(from, Math.max(from + 1, Math.floor((i + 1) * size)))
      .filter(({ value }) => Number.isFinite(value));
    if (finite.length === 0) parts.push([]);
    else
      parts.at(-1)?.push({ step: mean(finite.map(({ step }) => step)), value: mean(finite.map(({ value }) => value)) });
  }
  return parts.filter((part) => part.length > 0);
}

/** The value of a line at a step: that of its last point up to there. */
export function valueAt(points: readonly Point[], step: number): number | undefined {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as Point).step <= step) low = middle + 1;
    else high = middle;
  }
  return points[low - 1]?.value;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The value below which a share of the values is. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))] ?? 0;
}
