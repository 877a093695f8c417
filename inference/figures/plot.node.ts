/** @file Line plots as PNG files: one look for all that the package plots. */
import { InputError } from '../../onnx/errors.js';
import { chartPng, type PlotAxis, type PlotText } from './chart.node.js';

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
export interface LinePlot extends PlotText {
  /** Later ones are drawn below earlier ones. */
  lines: readonly PlotLine[];
  /** The vertical axis. */
  y?: PlotAxis;
  /** Whether the horizontal axis, which spans the data, counts. */
  wholeX?: boolean;
}

/** The ends of the horizontal axis. @throws InputError if there are no points */
function extent(lines: readonly PlotLine[]): { min: number; max: number } {
  const places = lines.flatMap(({ points }) => [points[0], points.at(-1)]).flatMap((point) => point?.x ?? []);
  if (places.length === 0) throw new InputError({ name: 'plot', expected: 'at least one point', got: 'none' });
  const [min, max] = [Math.min(...places), Math.max(...places)];
  return min === max ? { min: min - 1, max: max + 1 } : { min, max };
}

/**
 * A plot as a PNG file. Points beyond what the width can show are thinned, their extremes kept.
 * @throws InputError if there are no points
 */
export function linePlotPng({ lines, y = {}, wholeX = false, ...text }: LinePlot): Uint8Array {
  const x = { ...extent(lines), whole: wholeX };
  const datasets = lines.map(({ label, colour, points, width = 2, dots = 0, dashed = false }) => ({
    ...(label !== undefined && { label }),
    data: [...points],
    // Only the ends of the axes may cut a line, not a point on them.
    clip: { left: 6, right: 6, top: 0, bottom: 6 },
    borderColor: colour,
    backgroundColor: colour,
    borderJoinStyle: 'round' as const,
    borderWidth: width,
    borderDash: dashed ? [6, 4] : [],
    pointRadius: dots,
  }));
  return chartPng({ type: 'line', data: { datasets } }, text, { x, y });
}
