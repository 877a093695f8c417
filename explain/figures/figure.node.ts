/** @file The main figure: each picture with its class activation maps, alone and overlaid. */
import type { SKRSContext2D } from 'canvas';
import {
  drawHeading,
  drawLines,
  drawPicture,
  fittedSize,
  headingOf,
  textRuler,
  type Box,
} from '../../inference/figures/boxes.node.js';
import { drawingPng, type Drawing } from '../../inference/figures/drawing.node.js';
import { wrappedLines } from '../../inference/figures/text.node.js';
import { BOLD_FONT, GAP, light, LINE, PLAIN_FONT } from '../../inference/figures/theme.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import { colourBarOf, drawColourBar, drawNote, noteHeight } from './colour-bar.node.js';
import { columnsOf, columnsPerRow, LABEL_WIDTH, MIN_CELL } from './columns.js';
import type { PaletteName } from './names.js';

/** One method's map of a row. */
export interface FigureMap {
  /** Name of the method, the heading of its columns, e.g. `Grad-CAM`. */
  method: string;
  /** The map in colours. */
  heatmap: Picture;
  /** The map laid over the picture. */
  overlay: Picture;
  /** Why a map is zero everywhere; shown in place of the map. */
  note?: string;
}

/** One picture explained at one layer. */
export interface FigureRow {
  picture: Picture;
  /** Lines to the left of the row, the first in bold: file name, layer, target with its score. */
  label: readonly string[];
  /** The same methods in the same order in every row, at least one. */
  maps: readonly FigureMap[];
}

/** How a figure looks. */
export interface FigureOptions {
  /** Heading of the figure, default none. */
  title?: string;
  /** Width of a column of pictures in layout pixels, at least 96, default 192; not together with `width`. */
  cell?: number;
  /** Width of the figure in layout pixels, with narrow margins; by default the columns decide. */
  width?: number;
  /** Pixels of the PNG per layout pixel, default 2. */
  scale?: number;
  /** Whether the maps of a row share one scale, for the colour bar; default false. */
  sameScale?: boolean;
  /** The colours of the maps, for the colour bar; default `jet`. */
  palette?: PaletteName;
  /** Whether rows have their labels, default true. */
  titles?: boolean;
  /** Rows side by side (`sideBySideDrawing`), default 1. */
  perRow?: number;
}

/** Lines of one entry of a label. */
const ENTRY_LINES = 4;

/** Draws a label's entries below each other: each on at least one line, on more where the box has room. */
function drawLabel(context: SKRSContext2D, label: readonly string[], box: Box): void {
  const lines: { text: string; bold: boolean }[] = [];
  label.forEach((entry, i) => {
    context.font = i === 0 ? BOLD_FONT : PLAIN_FONT;
    const room = Math.floor(box.height / LINE) - lines.length - (label.length - 1 - i);
    for (const text of wrappedLines(context, entry, box.width, room)) lines.push({ text, bold: i === 0 });
  });
  context.textAlign = 'left';
  lines.forEach(({ text, bold }, i) => {
    context.font = bold ? BOLD_FONT : PLAIN_FONT;
    context.fillStyle = bold ? light.ink : light.muted;
    drawLines(context, [text], box.x, box.y + box.height / 2 + (i + 0.5 - lines.length / 2) * LINE);
  });
}

/** A label in lines across the figure. */
export function labelLines(ruler: SKRSContext2D, label: readonly string[], width: number): string[] {
  ruler.font = BOLD_FONT;
  return wrappedLines(ruler, label.join('  ·  '), width, 6);
}

/** Draws the lines of `labelLines` from a height on. */
export function drawLabelLines(context: SKRSContext2D, lines: readonly string[], x: number, top: number): void {
  context.font = BOLD_FONT;
  context.fillStyle = light.ink;
  context.textAlign = 'left';
  drawLines(context, lines, x, top + (lines.length * LINE) / 2);
}

/** Height of a label beside its row, with all that its entries say. */
function labelHeight(ruler: SKRSContext2D, label: readonly string[]): number {
  const lines = label.map((entry, i) => {
    ruler.font = i === 0 ? BOLD_FONT : PLAIN_FONT;
    return wrappedLines(ruler, entry, LABEL_WIDTH, ENTRY_LINES).length;
  });
  return lines.reduce((sum, count) => sum + count, 0) * LINE;
}

/** What to show in place of a map; undefined for a map that shows something. */
export function absenceOf({ heatmap: { data, channels }, note }: FigureMap): string | undefined {
  const blank = data.every((byte, i) => byte === data[i % channels]);
  return note ?? (blank ? 'The map is the same everywhere.' : undefined);
}

/** Height of a row: its tallest picture, its label, or the longest note, which gets at most a square. */
export function rowHeight(
  context: SKRSContext2D,
  { picture, label, maps }: FigureRow,
  cell: number,
  labelsAbove: boolean,
): number {
  const shown = [picture, ...maps.flatMap(({ heatmap, overlay }) => [heatmap, overlay])];
  const notes = maps.map((map) => noteHeight(context, absenceOf(map) ?? '', cell));
  return Math.max(
    ...shown.map((each) => fittedSize(each, cell).height),
    labelsAbove ? 0 : labelHeight(context, label),
    Math.min(cell, Math.max(...notes)),
  );
}

/** Draws a picture and its maps, alone and overlaid, in these cells. */
export function drawRow(context: SKRSContext2D, row: FigureRow, cells: readonly Box[]): void {
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

/** The methods of the figure's columns. @throws InputError if rows or options do not fit together */
export function checkedMethods(rows: readonly FigureRow[], cell: number, scale: number): string[] {
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

/** The headings of a figure's columns, each in lines, and the height of the highest. */
export interface ColumnHeadings {
  lines: readonly string[][];
  height: number;
}

/** The headings of the picture and its maps, as wide as a column. */
export function columnHeadings(ruler: SKRSContext2D, methods: readonly string[], cell: number): ColumnHeadings {
  const texts = ['Picture', ...methods, ...methods.map((method) => `${method} overlaid`)];
  ruler.font = BOLD_FONT;
  const lines = texts.map((text) => wrappedLines(ruler, text, cell, 3));
  return { lines, height: Math.max(...lines.map(({ length }) => length)) * LINE };
}

/** Draws the headings over the columns, their last lines on one height; further columns begin with the first heading again. */
export function drawColumnHeadings(
  context: SKRSContext2D,
  { lines, height }: ColumnHeadings,
  { lefts, top, cell }: { lefts: readonly number[]; top: number; cell: number },
): void {
  context.fillStyle = light.ink;
  context.font = BOLD_FONT;
  context.textAlign = 'center';
  lefts.forEach((left, i) => {
    const own = lines[i % lines.length] ?? [];
    drawLines(context, own, left + cell / 2, top + height - (own.length * LINE) / 2);
  });
}

/**
 * The figure of the CUB-200 report as a PNG file: one row per picture and layer; the columns are the picture, the map of
 * each method, and the overlay of each method. Pictures keep their aspect ratio; a colour bar stands at the bottom.
 * @param rows at least one, all with the same methods
 * @returns the bytes of the file
 * @throws InputError if there are no rows, they differ in their methods, or are more than one picture can hold
 */
export function figurePng(rows: readonly FigureRow[], options: FigureOptions = {}): Uint8Array {
  return drawingPng(figureDrawing(rows, options), options.scale);
}

/** The figure of `figurePng`. @throws InputError if there are no rows, or they differ in their methods */
export function figureDrawing(rows: readonly FigureRow[], options: FigureOptions = {}): Drawing {
  const { title, cell: wanted = 192, scale = 2, palette = 'jet', titles = true } = options;
  const methods = checkedMethods(rows, wanted, scale);
  const layout = { width: options.width, labelled: titles };
  const { cell, margin, lefts, width, labelsAbove } = columnsOf(columnsPerRow(methods.length), wanted, layout);

  const ruler = textRuler();
  const heading = headingOf(title, width, ruler);
  const labels = rows.map(({ label }) => (labelsAbove ? labelLines(ruler, label, width - 2 * margin) : []));
  const headings = columnHeadings(ruler, methods, cell);
  // Under a single map the caption would be narrow.
  const barWidth = Math.max(2, methods.length) * (cell + GAP) - GAP;
  const bar = colourBarOf(ruler, labelsAbove || !titles ? width - 2 * margin : barWidth, options.sameScale);

  const headingsTop = margin + heading.height;
  const rowsTop = headingsTop + headings.height + 6;
  const heights = rows.map((row) => rowHeight(ruler, row, cell, labelsAbove || !titles));
  const above = labels.map((lines) => (lines.length === 0 ? 0 : lines.length * LINE + 4));
  const barTop = rowsTop + heights.reduce((sum, height, i) => sum + (above[i] ?? 0) + height + GAP, 0) + GAP;

  return {
    width,
    height: barTop + bar.height + margin,
    draw(context) {
      drawHeading(context, heading);
      drawColumnHeadings(context, headings, { lefts, top: headingsTop, cell });
      let y = rowsTop;
      rows.forEach((row, i) => {
        const [height, lines] = [heights[i] ?? 0, labels[i] ?? []];
        if (labelsAbove) {
          drawLabelLines(context, lines, margin, y);
          y += above[i] ?? 0;
        } else if (titles) {
          drawLabel(context, row.label, { x: margin, y, width: LABEL_WIDTH, height });
        }
        drawRow(
          context,
          row,
          lefts.map((x) => ({ x, y, width: cell, height })),
        );
        y += height + GAP;
      });
      drawColourBar(context, { x: (labelsAbove || !titles ? margin : lefts[1]) ?? 0, y: barTop }, bar, palette);
    },
  };
}
