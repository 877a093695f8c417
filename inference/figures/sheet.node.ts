/** @file A sheet of pictures with captions: rows of cells, a line of text under each, operators between them. */
import { InputError } from '../../onnx/errors.js';
import type { Canvas } from 'canvas';
import { canvasPicture, FONT_FAMILY, figureCanvas, pictureCanvas } from './canvas.node.js';
import type { Picture } from '../pictures/pictures.js';

/** One place of the sheet: a picture, a large sign such as an operator, or nothing. */
export interface SheetCell {
  picture?: Picture;
  sign?: string;
  caption?: string;
}

export interface Sheet {
  /** Row by row, at least one with a picture; pictures of one size. */
  cells: readonly SheetCell[];
  columns: number;
  title?: string;
}

/** Pictures are enlarged by whole factors to at least so many pixels. */
const MIN_CELL = 96;
const MARGIN = 16;
const GAP = 8;
const CAPTION = 20;
const TITLE = 32;
const INK = '#1a1a1a';
const MUTED = '#5c5c5c';
const MAX_SIDE = 16_384;

/**
 * The sheet as a PNG file, on white. Small pictures are enlarged by whole factors, so that pixels stay square.
 * @throws InputError if there is no picture, or the sheet is larger than a picture can be
 */
export function sheetPng(sheet: Sheet): Uint8Array {
  return sheetCanvas(sheet).toBuffer('image/png');
}

/** The sheet as a picture. @throws InputError as `sheetPng` */
export function sheetPicture(sheet: Sheet): Picture {
  return canvasPicture(sheetCanvas(sheet));
}

function sheetCanvas({ cells, columns, title }: Sheet): Canvas {
  const first = cells.find(({ picture }) => picture !== undefined)?.picture;
  if (first === undefined) throw new InputError({ name: 'sheet', expected: 'at least one picture', got: 'none' });
  const factor = Math.max(1, Math.ceil(MIN_CELL / Math.max(first.width, first.height)));
  const [width, height] = [first.width * factor, first.height * factor];
  const perRow = Math.min(columns, cells.length);
  const captioned = cells.some(({ caption }) => caption !== undefined);
  const rowHeight = height + (captioned ? CAPTION : 0) + GAP;
  const top = MARGIN + (title === undefined ? 0 : TITLE);
  const sheetWidth = 2 * MARGIN + perRow * (width + GAP) - GAP;
  const sheetHeight = top + Math.ceil(cells.length / perRow) * rowHeight - GAP + MARGIN;
  if (Math.max(sheetWidth, sheetHeight) > MAX_SIDE) {
    throw new InputError({
      name: 'sheet',
      expected: `at most ${MAX_SIDE} pixels a side`,
      got: `${sheetWidth}×${sheetHeight} (use fewer pictures)`,
    });
  }
  const canvas = figureCanvas(sheetWidth, sheetHeight);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, sheetWidth, sheetHeight);
  context.imageSmoothingEnabled = false;
  context.textBaseline = 'middle';
  if (title !== undefined) {
    context.fillStyle = INK;
    context.font = `bold 15px ${FONT_FAMILY}`;
    context.fillText(title, MARGIN, MARGIN + 8, sheetWidth - 2 * MARGIN);
  }
  context.textAlign = 'center';
  cells.forEach(({ picture, sign, caption }, index) => {
    const x = MARGIN + (index % perRow) * (width + GAP);
    const y = top + Math.floor(index / perRow) * rowHeight;
    if (picture) context.drawImage(pictureCanvas(picture), x, y, width, height);
    if (sign !== undefined) {
      context.fillStyle = INK;
      context.font = `bold 36px ${FONT_FAMILY}`;
      context.fillText(sign, x + width / 2, y + height / 2, width);
    }
    if (caption !== undefined) {
      context.fillStyle = MUTED;
      context.font = `12px ${FONT_FAMILY}`;
      context.fillText(caption, x + width / 2, y + height + CAPTION / 2, width);
    }
  });
  return canvas;
}
