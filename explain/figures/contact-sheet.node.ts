/** @file Many methods at a glance: each picture with all its maps laid over it, in a grid. */
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
  PLAIN,
  sheetPng,
  textRuler,
  TITLE,
  TITLE_LINE,
} from './drawing.node.js';
import { absenceOf, type FigureOptions, type FigureRow } from './figure.node.js';
import { wrappedLines } from '../../inference/figures/text.node.js';

/** Cells of a line, the picture's own among them. */
const MAX_COLUMNS = 6;
const DEFAULT_CELL = 160;
const BLOCK_GAP = 2 * GAP;

/** One picture's cells with what stands below each. */
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
 * A PNG file with a block for each row: its label, the picture, and every map laid over it with the method's name below.
 * @param rows at least one, each with at least one map; they may differ in their methods
 * @throws InputError if there is no map, or there are more than one picture can hold
 */
export function contactSheetPng(rows: readonly FigureRow[], options: FigureOptions = {}): Uint8Array {
  const { title, cell = DEFAULT_CELL, scale = 2, palette = 'jet' } = options;
  const most = Math.max(...rows.map(({ maps }) => maps.length), 0);
  if (most === 0)
    throw new InputError({ name: 'contact sheet', expected: 'at least one row with one map', got: 'none' });
  const columns = Math.min(MAX_COLUMNS, most + 1);
  const width = 2 * MARGIN + columns * (cell + GAP) - GAP;
  const ruler = textRuler();
  ruler.font = TITLE;
  const titleLines = title === undefined ? [] : wrappedLines(ruler, title, width - 2 * MARGIN, 2);
  const blocks = rows.map((row): Block => {
    ruler.font = BOLD;
    const label = wrappedLines(ruler, row.label.join('  ·  '), width - 2 * MARGIN, 3);
    ruler.font = PLAIN;
    const captions = ['Picture', ...row.maps.map(({ method }) => method)].map((each) =>
      wrappedLines(ruler, each, cell, 2),
    );
    const cellHeight = fittedSize(row.picture, cell).height;
    const captionHeight = Math.max(...captions.map(({ length }) => length)) * LINE + 4;
    const lines = Math.ceil(captions.length / columns);
    const height = label.length * LINE + 6 + lines * (cellHeight + captionHeight + GAP);
    return { row, label, captions, cellHeight, captionHeight, height };
  });
  const barWidth = Math.min(width - 2 * MARGIN, 3 * cell);
  const bar = colourBarLayout(ruler, barWidth);
  const top = MARGIN + titleLines.length * TITLE_LINE + (titleLines.length > 0 ? GAP : 0);
  const barTop = top + blocks.reduce((sum, { height }) => sum + height + BLOCK_GAP, 0);

  return sheetPng(width, barTop + bar.height + MARGIN, scale, (context) => {
    context.fillStyle = INK;
    context.font = TITLE;
    titleLines.forEach((line, i) => context.fillText(line, MARGIN, MARGIN + (i + 0.5) * TITLE_LINE));
    let y = top;
    for (const { row, label, captions, cellHeight, captionHeight, height } of blocks) {
      context.font = BOLD;
      context.fillStyle = INK;
      context.textAlign = 'left';
      drawLines(context, label, MARGIN, y + (label.length * LINE) / 2);
      const first = y + label.length * LINE + 6;
      captions.forEach((caption, i) => {
        const box = {
          x: MARGIN + (i % columns) * (cell + GAP),
          y: first + Math.floor(i / columns) * (cellHeight + captionHeight + GAP),
          width: cell,
          height: cellHeight,
        };
        const map = row.maps[i - 1];
        const absence = map && absenceOf(map);
        if (absence !== undefined) drawNote(context, absence, box);
        else drawPicture(context, map?.overlay ?? row.picture, box);
        context.font = PLAIN;
        context.fillStyle = MUTED;
        context.textAlign = 'center';
        drawLines(context, caption, box.x + cell / 2, box.y + cellHeight + 4 + (caption.length * LINE) / 2);
      });
      y += height + BLOCK_GAP;
    }
    drawColourBar(context, { x: MARGIN, y: barTop, width: barWidth }, bar.caption, palette);
  });
}
