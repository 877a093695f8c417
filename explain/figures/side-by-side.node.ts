/** @file The main figure with several pictures in a row, each with its maps beside it and its label above. */
import { drawHeading, headingOf, textRuler } from '../../inference/figures/boxes.node.js';
import type { Drawing } from '../../inference/figures/drawing.node.js';
import { GAP, LINE } from '../../inference/figures/theme.js';
import { colourBarOf, drawColourBar } from './colour-bar.node.js';
import { columnsOf, columnsPerRow } from './columns.js';
import {
  checkedMethods,
  columnHeadings,
  drawColumnHeadings,
  drawLabelLines,
  drawRow,
  labelLines,
  rowHeight,
  type FigureOptions,
  type FigureRow,
} from './figure.node.js';

/** Distance of pictures with their maps, besides that of columns. */
export const BLOCK_GAP = 2 * GAP;

/** The figure of `figureDrawing` with `perRow` rows side by side. @throws InputError as `figureDrawing` */
export function sideBySideDrawing(rows: readonly FigureRow[], options: FigureOptions = {}): Drawing {
  const { title, cell: wanted = 192, scale = 2, palette = 'jet', perRow = 1, titles = true } = options;
  const methods = checkedMethods(rows, wanted, scale);
  const blocks = Math.min(perRow, rows.length);
  const count = columnsPerRow(methods.length);
  const between = (blocks - 1) * BLOCK_GAP;
  const columns = columnsOf(blocks * count, wanted, { width: options.width, labelled: false, between });
  const { cell, margin } = columns;
  const width = columns.width + (options.width === undefined ? between : 0);
  const lefts = columns.lefts.map((left, i) => left + Math.floor(i / count) * BLOCK_GAP);
  const blockWidth = count * (cell + GAP) - GAP;

  const ruler = textRuler();
  const heading = headingOf(title, width, ruler);
  const headings = columnHeadings(ruler, methods, cell);
  const bar = colourBarOf(ruler, Math.min(width - 2 * margin, Math.max(blockWidth, 380)), options.sameScale);
  const headingsTop = margin + heading.height;

  let bottom = headingsTop + headings.height + 6;
  const lines = Array.from({ length: Math.ceil(rows.length / blocks) }, (_, at) => {
    const own = rows.slice(at * blocks, (at + 1) * blocks);
    const labels = own.map(({ label }) => (titles ? labelLines(ruler, label, blockWidth) : []));
    const labelHeight = Math.max(...labels.map(({ length }) => length)) * LINE;
    const top = bottom;
    const picturesTop = top + (labelHeight === 0 ? 0 : labelHeight + 4);
    const height = Math.max(...own.map((row) => rowHeight(ruler, row, cell, true)));
    bottom = picturesTop + height + GAP;
    return { own, labels, top, picturesTop, height };
  });
  const barTop = bottom + GAP;

  return {
    width,
    height: barTop + bar.height + margin,
    draw(context) {
      drawHeading(context, heading);
      drawColumnHeadings(context, headings, { lefts, top: headingsTop, cell });
      for (const { own, labels, top, picturesTop, height } of lines) {
        own.forEach((row, at) => {
          const places = lefts.slice(at * count, (at + 1) * count);
          const label = labels[at] ?? [];
          drawLabelLines(context, label, places[0] ?? margin, top);
          drawRow(
            context,
            row,
            places.map((x) => ({ x, y: picturesTop, width: cell, height })),
          );
        });
      }
      drawColourBar(context, { x: margin, y: barTop }, bar, palette);
    },
  };
}
