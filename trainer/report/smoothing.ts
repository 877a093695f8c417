/** @file What makes curves of many noisy steps readable: running means, and an axis for the bulk of the values. */
import type { ChartAxis } from '../../inference/figures/charts/chart.node.js';
import type { PlotPoint } from '../../inference/figures/charts/plot.node.js';

/** From this many rows on, running means are drawn. */
export const SMOOTH_FROM = 200;

/** How far running means reach on either side, in steps: a fiftieth of the run. @param points in the order of their steps */
export function smoothRadius(points: readonly PlotPoint[]): number {
  const [first, last] = [points[0], points.at(-1)];
  return first && last ? Math.round((last.x - first.x + 1) / 50) : 0;
}

/**
 * Mean of the finite values around each point.
 * @param points in the order of their steps, of which some may be left out
 * @param radius steps on either side
 */
export function runningMean(points: readonly PlotPoint[], radius: number): PlotPoint[] {
  const sums = new Float64Array(points.length + 1);
  const counts = new Float64Array(points.length + 1);
  points.forEach(({ y }, i) => {
    const known = Number.isFinite(y);
    sums[i + 1] = (sums[i] ?? 0) + (known ? y : 0);
    counts[i + 1] = (counts[i] ?? 0) + (known ? 1 : 0);
  });
  let [from, to] = [0, 0];
  return points.map(({ x }) => {
    while ((points[from]?.x ?? Infinity) < x - radius) from++;
    while ((points[to]?.x ?? Infinity) <= x + radius) to++;
    return { x, y: ((sums[to] ?? 0) - (sums[from] ?? 0)) / ((counts[to] ?? 0) - (counts[from] ?? 0)) };
  });
}

/** Beyond the bulk of the values, in ranges of the bulk: room on the axis, and where spikes are cut. */
const [ROOM, CUT] = [0.2, 0.5];

/**
 * The ends of an axis for many values. A few spikes, as at the start of a run, would flatten all the rest: the axis ends just
 * beyond the percentiles 0.5 and 99.5, if values lie far beyond. Values below 0, as of hinge and Wasserstein losses, are treated
 * like all others.
 */
export function bulk(all: readonly number[]): ChartAxis & { min?: number; max?: number } {
  const values = Float64Array.from(all.filter(Number.isFinite)).sort();
  if (values.length === 0) return {};
  const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? 0;
  const [low, high] = [Math.min(0, at(0.005)), Math.max(0, at(0.995))];
  const range = high - low;
  return {
    ...(at(0) < low - CUT * range && { min: -roundedUp(ROOM * range - low, range) }),
    ...(at(1) > high + CUT * range && { max: roundedUp(high + ROOM * range, range) }),
  };
}

/** The next multiple of half the power of ten below the range. */
function roundedUp(value: number, range: number): number {
  const unit = range > 0 ? 10 ** Math.floor(Math.log10(range)) / 2 : 1;
  return Math.ceil(value / unit) * unit;
}
