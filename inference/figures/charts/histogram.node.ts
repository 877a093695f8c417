/** @file Histograms of several series over the same bins. */
import { InputError } from '../../../onnx/errors.js';
import { chartDrawing, type ChartText } from './chart.node.js';
import { drawingPng } from '../drawing.node.js';

/** Values of one kind in a histogram. */
export interface HistogramSeries {
  label: string;
  colour: string;
  values: readonly number[];
}

const BINS = 40;

/**
 * Histograms over the same bins in one plot, each as fractions of its series, as a PNG file.
 * @throws InputError if a series is empty or holds a number that is not finite
 */
export function histogramPng(series: readonly HistogramSeries[], text: ChartText): Uint8Array {
  const all = series.flatMap(({ values }) => values);
  if (series.some(({ values }) => values.length === 0) || !all.every(Number.isFinite)) {
    throw new InputError({ name: 'histogram', expected: 'finite numbers in every series', got: 'none or others' });
  }
  const [least, most] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const width = (most - least || 1) / BINS;
  const datasets = series.map(({ colour, values }) => {
    const counts = new Float64Array(BINS);
    for (const value of values) {
      const bin = Math.min(BINS - 1, Math.floor((value - least) / width));
      counts[bin] = (counts[bin] as number) + 1;
    }
    return {
      data: Array.from(counts, (count, bin) => ({ x: least + (bin + 0.5) * width, y: count / values.length })),
      backgroundColor: `${colour}90`,
      borderColor: colour,
      borderWidth: 1,
      barPercentage: 1,
      categoryPercentage: 1,
      grouped: false,
    };
  });
  const legend = series.map(({ label, colour, values }) => ({
    label: `${label} (${values.length.toLocaleString('en-US')})`,
    colour: `${colour}90`,
    kind: 'bar' as const,
  }));
  return drawingPng(chartDrawing({ type: 'bar', datasets, legend }, text));
}
