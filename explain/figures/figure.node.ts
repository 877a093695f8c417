/** @file The figure people look at: each picture with its class activation maps, alone and overlaid. */
import type { SKRSContext2D } from 'canvas';
import type { Picture } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import {
  BOLD,
  colourBarLayout,
  drawColourBar,
  drawLines,
  drawNote,
  drawPicture,
  fittedSize,
  GAP,
  INK,
  LINE,
  MARGIN,
  MUTED,
  noteHeight,
  PLAIN,
  sheetPng,
  textRuler,
  TITLE,
  TITLE_LINE,
  type Box,
} from './drawing.node.js';
import type { PaletteName } from './palette.js';
import { wrappedLines } from '../../inference/figures/text.node.js';

/** One method's map of a row. */
export interface FigureMap {
  /** Name of the method, the heading of its columns, e.g. `Grad-CAM`. */
  method: string;
  /** The map in colours. */
  heatmap: Picture;
  /** The map laid over the picture. */
  overlay: Picture;
  /** Why there is nothing to see, for a map that is zero everywhere: it is shown in place of the map. */
  note?: string;
}

/** One picture explained at one layer. */
export interface FigureRow {
  picture: Picture;
  /** Lines beside the row, the first in bold: file name, layer, target with its score. */
  label: readonly string[];
  /** The same methods in the same order in every row, at least one. */
  maps: readonly FigureMap[];
}

/** How a figure looks. */
export interface FigureOptions {
  /** Heading of the whole figure; without it there is none. */
  title?: string;
  /** Width of a column of pictures in layout pixels, at least 96, default 192. */
  cell?: number;
  /** Pixels of the PNG per layout pixel, default 2. */
  scale?: number;
  /** The colours of the maps, for the bar that explains them; default `jet`. */
  palette?: PaletteName;
}

const LABEL_WIDTH = 184;
const LABEL_GAP = 16;
const MIN_CELL = 96;

/** The label's entries below each other, each on one line at least and on more as long as the box has room. */
function drawLabel(context: SKRSContext2D, label: readonly string[], box: Box): void {
  const lines: { text: string; bold: boolean }[] = [];
  label.forEach((entry, i) => {
    context.font = i === 0 ? BOLD : PLAIN;
    const room = Math.floor(box.height / LINE) - lines.length - (label.length - 1 - i);
    for (const text of wrappedLines(context, entry, box.width, room)) lines.push({ text, bold: i === 0 });
  });
  context.textAlign = 'left';
  lines.forEach(({ text, bold }, i) => {
    context.font = bold ? BOLD : PLAIN;
    context.fillStyle = bold ? INK : MUTED;
    drawLines(context, [text], box.x, box.y + box.height / 2 + (i + 0.5 - lines.length / 2) * LINE);
  });
}

/** What to say in place of the map, or undefined where there is a map to show. */
export function absenceOf({ heatmap: { data, channels }, note }: FigureMap): string | undefined {
  const blank = data.every((byte, i) => byte === data[i % channels]);
  return note ?? (blank ? 'The map is the same everywhere.' : undefined);
}

/** Height of a row: room for the tallest of its pictures, its label, and the reasons of absent maps as far as they fit a square. */
function rowHeight(context: SKRSContext2D, { picture, label, maps }: FigureRow, cell: number): number {
  const shown = [picture, ...maps.flatMap(({ heatmap, overlay }) => [heatmap, overlay])];
  const notes = maps.map((map) => noteHeight(context, absenceOf(map) ?? '', cell));
  return Math.max(
    ...shown.map((each) => fittedSize(each, cell).height),
    label.length * LINE,
    Math.min(cell, Math.max(...notes)),
  );
}

function drawRow(context: SKRSContext2D, row: FigureRow, cells: readonly Box[]): void {
  const [first, ...rest] = cells;
  if (first !== undefined) drawPicture(context, row.picture, first);
  row.maps.forEach((map, i) => {
    const [alone, overlaid] = [rest[i], rest[row.maps.length + i]];
    if (alone === undefined || overlaid === undefined) return;
    const absence = absenceOf(map);
    if (absence !== undefined) {
      drawNote(context, absence, alone);
      drawNote(context, 'no map to overlay', overlaid);
    } else {
      drawPicture(context, map.heatmap, alone);
      drawPicture(context, map.overlay, overlaid);
    }
  });
}

/** The methods of the figure's columns, once everything the caller gave is known to fit together. */
function checkedMethods(rows: readonly FigureRow[], cell: number, scale: number): string[] {
  const methods = rows[0]?.maps.map(({ method }) => method) ?? [];
  if (methods.length === 0)
    throw new InputError({ name: 'figure', expected: 'at least one row with one map', got: 'none' });
  for (const { maps } of rows) {
    const own = maps.map(({ method }) => method);
    if (own.length !== methods.length || own.some((method, i) => method !== methods[i])) {
      throw new InputError({
        name: 'figure',
        expected: `${methods.join(', ')} in every row`,
        got: own.join(', ') || 'none',
      });
    }
  }
  if (!(cell >= MIN_CELL))
    throw new InputError({ name: 'figure cell', expected: `at least ${MIN_CELL} pixels`, got: cell });
  if (!(scale > 0)) throw new InputError({ name: 'figure scale', expected: 'a positive number', got: scale });
  return methods;
}

/**
 * The figure of the CUB-200 report as a PNG file: one row per picture and layer; in columns the picture, every method's
 * map, and every method's map overlaid. Pictures keep their aspect; the colours' meaning stands at the bottom.
 * @param rows at least one, all with the same methods
 * @returns the bytes of the file
 * @throws InputError if rows are missing, differ in their methods, or are more than one picture can hold
 */
export function figurePng(rows: readonly FigureRow[], options: FigureOptions = {}): Uint8Array {
  const { title, cell = 192, scale = 2, palette = 'jet' } = options;
  const methods = checkedMethods(rows, cell, scale);
  const headings = ['Picture', ...methods, ...methods.map((method) => `${method} overlaid`)];
  const lefts = headings.map((_, i) => MARGIN + LABEL_WIDTH + LABEL_GAP + i * (cell + GAP));
  const width = (lefts.at(-1) ?? 0) + cell + MARGIN;
  const barWidth = methods.length * (cell + GAP) - GAP;

  const ruler = textRuler();
  ruler.font = TITLE;
  const titleLines = title === undefined ? [] : wrappedLines(ruler, title, width - 2 * MARGIN, 2);
  ruler.font = BOLD;
  const headingLines = headings.map((heading) => wrappedLines(ruler, heading, cell, 3));
  const bar = colourBarLayout(ruler, barWidth);

  const headingsTop = MARGIN + titleLines.length * TITLE_LINE + (titleLines.length > 0 ? GAP : 0);
  const headingsHeight = Math.max(...headingLines.map(({ length }) => length)) * LINE;
  const rowsTop = headingsTop + headingsHeight + 6;
  const heights = rows.map((row) => rowHeight(ruler, row, cell));
  const barTop = rowsTop + heights.reduce((sum, height) => sum + height + GAP, 0) + GAP;

  return sheetPng(width, barTop + bar.height + MARGIN, scale, (context) => {
    context.fillStyle = INK;
    context.font = TITLE;
    titleLines.forEach((line, i) => context.fillText(line, MARGIN, MARGIN + (i + 0.5) * TITLE_LINE));
    context.font = BOLD;
    context.textAlign = 'center';
    headingLines.forEach((lines, i) => {
      const middle = headingsTop + headingsHeight - (lines.length * LINE) / 2;
      drawLines(context, lines, (lefts[i] ?? 0) + cell / 2, middle);
    });
    let y = rowsTop;
    rows.forEach((row, i) => {
      const height = heights[i] ?? 0;
      drawLabel(context, row.label, { x: MARGIN, y, width: LABEL_WIDTH, height });
      const cells = lefts.map((x) => ({ x, y, width: cell, height }));
      drawRow(context, row, cells);
      y += height + GAP;
    });
    drawColourBar(context, { x: lefts[1] ?? 0, y: barTop, width: barWidth }, bar.caption, palette);
  });
}
