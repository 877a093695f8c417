/** @file What `bench:quality` shows: a table and a sheet of pictures of all rows that were made so far. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { encodedDrawing } from '../../inference/figures/drawing.node.js';
import { sheetDrawing } from '../../inference/figures/sheet.node.js';
import { pictureGrid } from '../../inference/pictures/grid.js';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { markdownTable } from '../timing.js';

/** How far some pictures are from those that were held out, in the features. */
export interface Distances {
  frechet: number;
  kid: number;
  kidStd: number;
  /** How many were held out. */
  real: number;
  /** How many are compared with them. */
  generated: number;
}

/** A row of the table, as its file has it. */
export interface Row extends Distances {
  name: string;
  date: string;
  machine: string;
  minutes: number;
  steps: number;
}

/** How long a step takes, each training alone on the machine that the budget is meant for. */
export interface StepTimes {
  machine: string;
  date: string;
  /** In milliseconds, by name. */
  times: Record<string, number>;
}

/** The pictures that were trained on, as if they were a generator's. */
export interface Reference extends Distances {
  grid: Picture;
}

/** What the table is about. */
export interface Shown {
  data: string;
  imageSize: number;
  minutes: number;
  stepTimes: StepTimes;
  /** The names of rows, in their order. */
  names: readonly string[];
}

/** The file of `StepTimes`, beside those of the rows. */
export const TIMES_FILE = 'step-times.json';
const EXAMPLES = { columns: 6, rows: 5 } as const;
const SHEET_COLUMNS = 5;

/** The first pictures, as the sheet shows them. */
export function exampleGrid(pictures: readonly Picture[]): Picture {
  return pictureGrid(pictures.slice(0, EXAMPLES.columns * EXAMPLES.rows), EXAMPLES.columns);
}

/** The same as a WebP file, as small as repositories like it. */
export function exampleFile(pictures: readonly Picture[]): Promise<Uint8Array> {
  const { width, height, channels, data } = exampleGrid(pictures);
  return sharp(data, { raw: { width, height, channels } }).webp({ quality: 90 }).toBuffer();
}

/** The rows in `folder` as a table in Markdown, below a line that says what was compared and where. */
export async function resultsTable(folder: string, reference: Reference, shown: Shown): Promise<string> {
  const rows = await madeRows(folder, shown.names);
  const machines = [...new Set(rows.map((row) => row.machine))];
  const cells = rows.map((row) => [
    row.name,
    String(row.steps),
    ((60_000 * row.minutes) / row.steps).toFixed(1),
    ...distanceCells(row),
    row.date,
  ]);
  const head = ['network', 'steps', 'ms per step', 'Fréchet', 'KID × 1000', 'generated / real', 'date (UTC)'];
  const size = `${shown.imageSize}×${shown.imageSize}`;
  return [
    `${shown.data}, ${size}, ${shown.minutes} minutes each of ${shown.stepTimes.machine}; made on ${machines.join(' / ')}`,
    '',
    markdownTable(head, [...cells, ['pictures trained on', '–', '–', ...distanceCells(reference), '–']]),
  ].join('\n');
}

/** Pictures of each row in `folder`, and of those that were trained on. @returns a PNG file */
export async function resultsSheet(folder: string, reference: Reference, { names }: Shown): Promise<Uint8Array> {
  const cells = [];
  for (const { name, frechet } of await madeRows(folder, names)) {
    const picture = await decodePicture(join(folder, `${name}.webp`));
    cells.push({ picture, caption: `${name}: Fréchet ${frechet.toFixed(2)}` });
  }
  cells.push({ picture: reference.grid, caption: `pictures trained on: Fréchet ${reference.frechet.toFixed(2)}` });
  return encodedDrawing(sheetDrawing({ cells, columns: SHEET_COLUMNS }), 1);
}

function distanceCells({ frechet, kid, kidStd, generated, real }: Distances): string[] {
  const kernel = `${(1000 * kid).toFixed(2)} ± ${(1000 * kidStd).toFixed(2)}`;
  return [frechet.toFixed(2), kernel, `${generated} / ${real}`];
}

async function madeRows(folder: string, names: readonly string[]): Promise<Row[]> {
  const found: Row[] = [];
  for (const file of await readdir(folder))
    if (file.endsWith('.json') && file !== TIMES_FILE)
      found.push(JSON.parse(await readFile(join(folder, file), 'utf8')) as Row);
  return found.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}
