/** @file A sheet of pictures of one size: rows of cells with captions, and operators between them. */
import { InputError } from '../../onnx/errors.js';
import type { Picture } from '../pictures/pictures.js';
import { drawHeading, headingOf, textRuler } from './boxes.node.js';
import { pictureCanvas } from './canvas.node.js';
import { drawingPicture, drawingPng, type Drawing } from './drawing.node.js';
import { FONT_FAMILY, light, MARGIN, PLAIN_FONT } from './theme.js';

/** One place of the sheet: a picture, a large sign such as an operator, or nothing. */
export interface SheetCell {
  picture?: Picture;
  sign?: string;
  caption?: string;
}

export interface Sheet {
  /** Row by row; at least one has a picture, and all pictures have the same size. */
  cells: readonly SheetCell[];
  columns: number;
  title?: string;
}

/** Pictures are enlarged by whole factors to at least this many pixels. */
const MIN_CELL = 96;
const GAP = 8;
const CAPTION = 20;

/**
 * The sheet as a PNG file. Small pictures are enlarged by whole factors, so that pixels stay square.
 * @throws InputError if there is no picture, or the sheet is larger than a picture can be
 */
export function sheetPng(sheet: Sheet): Uint8Array {
  return drawingPng(sheetDrawing(sheet), 1);
}

/** The sheet as a picture. @throws InputError as `sheetPng` */
export function sheetPicture(sheet: Sheet): Picture {
  return drawingPicture(sheetDrawing(sheet));
}

/** The sheet, one layout pixel for each pixel of the enlarged pictures. @throws InputError if there is no picture */
export function sheetDrawing({ cells, columns, title }: Sheet): Drawing {
  const first = cells.find(({ picture }) => picture !== undefined)?.picture;
  if (first === undefined) throw new InputError({ name: 'sheet', expected: 'at least one picture', got: 'none' });
  const factor = Math.max(1, Math.ceil(MIN_CELL / Math.max(first.width, first.height)));
  const [width, height] = [first.width * factor, first.height * factor];
  const perRow = Math.min(columns, cells.length);
  const captioned = cells.some(({ caption }) => caption !== undefined);
  const rowHeight = height + (captioned ? CAPTION : 0) + GAP;
  const sheetWidth = 2 * MARGIN + perRow * (width + GAP) - GAP;
  const heading = headingOf(title, sheetWidth, textRuler());
  const top = MARGIN + heading.height;

  return {
    width: sheetWidth,
    height: top + Math.ceil(cells.length / perRow) * rowHeight - GAP + MARGIN,
    draw(context) {
      context.imageSmoothingEnabled = false;
      drawHeading(context, heading);
      context.textAlign = 'center';
      cells.forEach(({ picture, sign, caption }, index) => {
        const x = MARGIN + (index % perRow) * (width + GAP);
        const y = top + Math.floor(index / perRow) * rowHeight;
        if (picture) context.drawImage(pictureCanvas(picture), x, y, width, height);
        if (sign !== undefined) {
          context.fillStyle = light.ink;
          context.font = `bold 36px "${FONT_FAMILY}"`;
          context.fillText(sign, x + width / 2, y + height / 2, width);
        }
        if (caption !== undefined) {
          context.fillStyle = light.muted;
          context.font = PLAIN_FONT;
          context.fillText(caption, x + width / 2, y + height + CAPTION / 2, width);
        }
      });
    },
  };
}
