/** @file Line plots. */
import { InputError } from '../../../onnx/errors.js';
import { chartDrawing, type ChartAxis, type ChartSize, type ChartText } from './chart.node.js';
import { drawingPng, type Drawing } from '../drawing.node.js';
import { isMarked, type Marker } from '../theme.js';

/** A point of a line; one whose y is not a number leaves a gap. */
export interface PlotPoint {
  x: number;
  y: number;
}

/** A line of a plot. */
export interface PlotLine {
  /** Its name in the legend; a line without a label is not listed. */
  label?: string;
  /** `#rrggbb` or `#rrggbbaa` */
  colour: string;
  /** In the order of x. */
  points: readonly PlotPoint[];
  /** Default 2. */
  width?: number;
  /** Lengths of dashes and gaps, default a solid line. */
  dash?: readonly number[];
  /** Marks a few of its points, so that lines can be told apart without colours. */
  marker?: Marker;
}

/** A line plot. */
export interface LinePlot extends ChartText {
  /** Earlier lines are drawn over later ones. */
  lines: readonly PlotLine[];
  /** The vertical axis. */
  y?: ChartAxis;
  /** Whether the horizontal axis, which spans the data, shows whole numbers only. */
  wholeX?: boolean;
}

/** The ends of the horizontal axis. @throws InputError if there are no points */
function extent(lines: readonly PlotLine[]): { min: number; max: number } {
  const places = lines.flatMap(({ points }) => [points[0], points.at(-1)]).flatMap((point) => point?.x ?? []);
  if (places.length === 0) throw new InputError({ name: 'plot', expected: 'at least one point', got: 'none' });
  const [min, max] = [Math.min(...places), Math.max(...places)];
  return min === max ? { min: min - 1, max: max + 1 } : { min, max };
}

/** The radius of a point, by whether it is marked. */
function markedRadius(line: number) {
  return ({ dataIndex, dataset }: { dataIndex: number; dataset: { data: readonly unknown[] } }): number =>
    isMarked(dataIndex, dataset.data.length, line) ? 4 : 0;
}

/**
 * The plot. More points than fit the width are thinned; their extremes are kept.
 * @throws InputError if there are no points
 */
export function linePlot({ lines, y = {}, wholeX = false, ...text }: LinePlot, size?: ChartSize): Drawing {
  const x = { ...extent(lines), whole: wholeX };
  const datasets = lines.map(({ colour, points, width = 2, dash = [], marker }, index) => ({
    data: [...points],
    // A line on the edge of the plot keeps its width, and a marker its size.
    clip: marker === undefined ? { left: 6, right: 6, top: 2, bottom: 2 } : 6,
    borderColor: colour,
    backgroundColor: colour,
    borderJoinStyle: 'round' as const,
    borderWidth: width,
    borderDash: [...dash],
    pointRadius: marker === undefined ? 0 : markedRadius(index),
    ...(marker !== undefined && { pointStyle: marker }),
  }));
  const legend = lines.flatMap(({ label, colour, dash, marker }) =>
    label === undefined
      ? []
      : [{ label, colour, kind: 'line' as const, ...(dash && { dash }), ...(marker && { marker }) }],
  );
  return chartDrawing({ type: 'line', datasets, legend }, text, { x, y }, size);
}

/** The plot as a PNG file. @throws InputError if there are no points */
export function linePlotPng(plot: LinePlot, size?: ChartSize): Uint8Array {
  return drawingPng(linePlot(plot, size));
}
