/** @file The comparison of runs as a file: a page with everything, or a figure of the curves. */
import { join } from 'node:path';
import { readdir } from 'node:fs/promises';
import { VERSION } from '../../exporter/version.js';
import { drawingPng, stackedDrawings } from '../../inference/figures/drawing.node.js';
import { drawingFile } from '../../inference/figures/files.node.js';
import { formatOf } from './format.js';
import { readBoundedFile, writeFileAtomic } from '../../onnx/files/files.node.js';
import { InputError } from '../../onnx/index.js';
import { reportPage, type ReportFigure } from '../report/page.js';
import { runCharts } from './charts.node.js';
import type { ComparedRun, RunComparison } from './comparison.node.js';

/** Sizes of charts in the page, as in the report of one run. */
const [WIDE, NARROW] = [
  { width: 540, height: 320 },
  { width: 340, height: 270 },
];
/** Larger grids and animations are left out. */
const MAX_PICTURE_BYTES = 16 * 2 ** 20;

/**
 * Writes the comparison: .html is a page without scripts with curves, pictures, numbers and settings; .png, .svg and .pdf are the
 * curves alone.
 * @throws InputError for another ending, or where no run has done a step
 */
export async function writeComparison(comparison: RunComparison, path: string): Promise<void> {
  const format = formatOf(path);
  const charts = runCharts(comparison);
  if (charts.length === 0)
    throw new InputError({ name: 'runs', expected: 'at least one that has done a step', got: 'none' });
  if (format === 'html') await writeFileAtomic(path, await page(comparison));
  else
    await writeFileAtomic(path, await drawingFile(stackedDrawings(charts.map((chart) => chart.drawing())), { format }));
}

async function page(comparison: RunComparison): Promise<string> {
  const { runs, numbers, settings } = comparison;
  const plots = runCharts(comparison).map(({ title, caption, drawing }): ReportFigure => {
    const [bytes, narrow] = [WIDE, NARROW].map((size) => drawingPng(drawing(size, false))) as [Uint8Array, Uint8Array];
    return { title, caption, type: 'image/png', kind: 'plot', bytes, narrow };
  });
  const samples = (await Promise.all(runs.map(lastSamples))).flat();
  const films = (await Promise.all(runs.map(evolution))).flat();
  const isSame = settings.rows.length === 0;
  return reportPage({
    title: new Intl.ListFormat('en').format(runs.map(({ label }) => label)),
    lead: `${runs.length} runs side by side.${isSame ? ' Their settings are the same.' : ''}`,
    facts: [],
    sections: [
      { title: 'Curves', figures: plots },
      { title: 'Samples', figures: samples },
      { title: 'Evolution', figures: films },
    ],
    tables: [
      { title: 'Settings that differ', headings: ['setting', ...settings.headings.slice(1)], rows: settings.rows },
      { title: 'Numbers', headings: numbers.headings, rows: numbers.rows },
    ],
    environment: [
      ['ganscope', VERSION],
      ['Written', `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ],
  });
}

/** The newest grid of a run's pictures. */
async function lastSamples({ info, label }: ComparedRun): Promise<ReportFigure[]> {
  const names = await readdir(join(info.folder, 'samples')).catch(() => []);
  const name = names
    .filter((each) => /^step-\d{7,15}\.png$/.test(each))
    .toSorted()
    .at(-1);
  if (name === undefined) return [];
  const caption = `Pictures of the fixed latents after step ${Number(name.slice(5, -4)).toLocaleString('en-US')}.`;
  return pictureFigure(join(info.folder, 'samples', name), label, caption, 'image/png');
}

const evolution = ({ info, label }: ComparedRun): Promise<ReportFigure[]> =>
  pictureFigure(join(info.folder, 'evolution.webp'), label, 'The same latents from the first step on.', 'image/webp');

async function pictureFigure(
  path: string,
  title: string,
  caption: string,
  type: ReportFigure['type'],
): Promise<ReportFigure[]> {
  const bytes = await readBoundedFile(path, MAX_PICTURE_BYTES).catch(() => undefined);
  return bytes === undefined ? [] : [{ title, caption, type, bytes, kind: 'pixels' }];
}
