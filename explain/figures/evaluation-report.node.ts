/** @file An evaluation as a table and as plots. */
import { join } from 'node:path';
import { formattedNumber } from '../../inference/figures/numbers.js';
import { CHART_SIZE } from '../../inference/figures/charts/chart.node.js';
import { drawingFile } from '../../inference/figures/files.node.js';
import { linePlot } from '../../inference/figures/charts/plot.node.js';
import { lineStyle } from '../../inference/figures/theme.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';
import type { Evaluation } from '../metrics/evaluate.js';
import { methods } from '../methods/table.js';
import { metrics } from '../metrics/table.js';
import { layoutWidth, type FigureFileOptions } from './figure-options.js';

/**
 * The table in Markdown: methods by metrics, means over the pictures ± their standard errors, with an arrow in the better
 * direction. Metrics that apply to no map are left out.
 */
export function evaluationTable({ metrics: asked, methods: rows }: Evaluation): string {
  const isEmpty = rows.every(({ values }) => Object.keys(values).length === 0);
  const names = asked.filter(
    (name) =>
      isEmpty || rows.some(({ values, notFinite }) => values[name] !== undefined || notFinite[name] !== undefined),
  );
  const heads = names.map((name) => `${metrics[name].title} ${metrics[name].better === 'higher' ? '↑' : '↓'}`);
  const lines = rows.map(({ method, values, notFinite, errors, empty }) => [
    methods[method].title + counted(empty, 'empty'),
    ...names.map((name) => cellOf(values[name], errors[name]) + counted(notFinite[name], 'not finite')),
  ]);
  const cells = [['Method', ...heads], ['---', ...names.map(() => '---:')], ...lines];
  return cells.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const counted = (count: number | undefined, what: string) => (count ? ` (${count} ${what})` : '');

function cellOf(value: number | undefined, error: number | undefined): string {
  if (value === undefined) return '–';
  return formattedNumber(value) + (error === undefined ? '' : ` ± ${formattedNumber(error)}`);
}

/**
 * Writes a plot for each of the metrics' curves, with a line per method: `<curve>.png`, or of another format.
 * @returns the files
 */
export async function writeEvaluationPlots(
  folder: string,
  evaluation: Evaluation,
  { titles = true, width, ...file }: FigureFileOptions = {},
): Promise<string[]> {
  const { metrics: names, methods: rows } = evaluation;
  const size = { width: width === undefined ? CHART_SIZE.width : layoutWidth(width) };
  const files: string[] = [];
  for (const [name, { yMin = 0, ...plot }] of names.flatMap((metric) => Object.entries(metrics[metric].plots ?? {}))) {
    const lines = rows.flatMap(({ method, curves }, i) => {
      const curve = curves[name];
      if (!curve) return [];
      const points = curve.x.map((x, at) => ({ x, y: curve.y[at] ?? Number.NaN }));
      return [{ label: methods[method].title, points, ...lineStyle(i) }];
    });
    if (lines.length === 0) continue;
    const path = join(folder, `${name}.${file.format ?? 'png'}`);
    const shown = { ...plot, ...(!titles && { title: '' }), lines, y: { min: yMin, max: 1 } };
    await writeFileAtomic(path, await drawingFile(linePlot(shown, size), file));
    files.push(path);
  }
  return files;
}
