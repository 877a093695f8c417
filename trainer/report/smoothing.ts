/** @file What makes curves of many noisy steps readable: running means, and an axis for the bulk of the values. */
import type { ChartAxis } from '../../inference/figures/charts/chart.node.js';
import type { PlotPoint } from '../../inference/figures/charts/plot.node.js';

/** From this many rows on, running means are drawn. */
export const SMOOTH_FROM = 200;

/** Mean of the finite values of each point and its neighbours, up to `radius` on either side. */
export function runningMean(points: readonly PlotPoint[], radius: number): PlotPoint[] {
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
