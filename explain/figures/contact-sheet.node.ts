/** @file Many methods at a glance: each picture with the overlays of all its maps, in a grid. */
import type { SKRSContext2D } from 'canvas';
import { InputError } from '../../onnx/errors.js';
import {
  drawHeading,
  drawLines,
  drawPicture,
  fittedSize,
  headingOf,
  textRuler,
} from '../../inference/figures/boxes.node.js';
import { drawingPng, type Drawing } from '../../inference/figures/drawing.node.js';
import { wrappedLines } from '../../inference/figures/text.node.js';
import { GAP, light, LINE, PLAIN_FONT } from '../../inference/figures/theme.js';
import { colourBarOf, drawColourBar, drawNote } from './colour-bar.node.js';
import { columnsOf, type Columns } from './columns.js';
import { absenceOf, drawLabelLines, labelLines, type FigureOptions, type FigureRow } from './figure.node.js';

/** Cells per line, with the picture's own. */
const MAX_COLUMNS = 6;
const DEFAULT_CELL = 160;
/** Cells of a sheet of a given width are at least about as wide, so that methods' names fit. */
const PRINT_CELL = 104;
const BLOCK_GAP = 2 * GAP;

/** One picture's cells and their captions. */
interface Block {
  row: FigureRow;
  label: string[];
  captions: string[][];
  /** Height of the pictures, of captions, and of the whole. */
  cellHeight: number;
  captionHeight: number;
  height: number;
}

/**
 * A PNG file with a block for each row: its label, the picture, and the overlay of every map with the method's name below.
 * @param rows at least one, each with at least one map; they may differ in their methods
 * @throws InputError if there is no map, or there are more than one picture can hold
 */
export function contactSheetPng(rows: readonly FigureRow[], options: FigureOptions = {}): Uint8Array {
  return drawingPng(contactSheetDrawing(rows, options), options.scale);
}

/** The sheet of `contactSheetPng`. @throws InputError if there is no map */
export function contactSheetDrawing(rows: readonly FigureRow[], options: FigureOptions = {}): Drawing {
  const { title, cell: wanted = DEFAULT_CELL, palette = 'jet', titles = true } = options;
  const most = Math.max(...rows.map(({ maps }) => maps.length), 0);
  if (most === 0)
    throw new InputError({ name: 'contact sheet', expected: 'at least one row with one map', got: 'none' });
  const room = options.width === undefined ? MAX_COLUMNS : Math.max(2, Math.floor(options.width / PRINT_CELL));
  const columns = columnsOf(Math.min(MAX_COLUMNS, room, most + 1), wanted, { width: options.width, labelled: false });
  const { width, margin, cell } = columns;
  const ruler = textRuler();
  const heading = headingOf(title, width, ruler);
  const blocks = rows.map((row) => blockOf(ruler, titles ? row : { ...row, label: [] }, columns));
  const bar = colourBarOf(ruler, Math.min(width - 2 * margin, Math.max(3 * cell, 380)), options.sameScale);
  const top = margin + heading.height;
  const barTop = top + blocks.reduce((sum, { height }) => sum + height + BLOCK_GAP, 0);

  return {
    width,
    height: barTop + bar.height + margin,
    draw(context) {
      drawHeading(context, heading);
      let y = top;
      for (const block of blocks) {
        drawBlock(context, block, y, columns);
        y += block.height + BLOCK_GAP;
      }
      drawColourBar(context, { x: margin, y: barTop }, bar, palette);
    },
  };
}

function blockOf(ruler: SKRSContext2D, row: FigureRow, { cell, lefts, width, margin }: Columns): Block {
  const label = row.label.length === 0 ? [] : labelLines(ruler, row.label, width - 2 * margin);
  ruler.font = PLAIN_FONT;
  const captions = ['Picture', ...row.maps.map(({ method }) => method)].map((each) =>
    wrappedLines(ruler, each, cell, 2),
  );
  const cellHeight = fittedSize(row.picture, cell).height;
  const captionHeight = Math.max(...captions.map(({ length }) => length)) * LINE + 4;
  const lines = Math.ceil(captions.length / lefts.length);
  const height = label.length * LINE + 6 + lines * (cellHeight + captionHeight + GAP);
  return { row, label, captions, cellHeight, captionHeight, height };
}

function drawBlock(
  context: SKRSContext2D,
  { row, label, captions, cellHeight, captionHeight }: Block,
  top: number,
  { cell, lefts, margin }: Columns,
): void {
  drawLabelLines(context, label, margin, top);
  const first = top + label.length * LINE + 6;
  captions.forEach((caption, i) => {
    const box = {
      x: lefts[i % lefts.length] ?? margin,
      y: first + Math.floor(i / lefts.length) * (cellHeight + captionHeight + GAP),
      width: cell,
      height: cellHeight,
    };
    const map = row.maps[i - 1];
    const absence = map && absenceOf(map);
    if (absence !== undefined) drawNote(context, absence, box);
    else drawPicture(context, map?.overlay ?? row.picture, box);
    context.font = PLAIN_FONT;
    context.fillStyle = light.muted;
    context.textAlign = 'center';
    drawLines(context, caption, box.x + cell / 2, box.y + cellHeight + 4 + (caption.length * LINE) / 2);
  });
}
