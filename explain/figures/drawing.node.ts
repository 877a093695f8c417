/** @file What figures are drawn with: one font, one ink, pictures and text in boxes. */
import type { SKRSContext2D } from 'canvas';
import { FONT_FAMILY, figureCanvas, pictureCanvas } from '../../inference/figures/canvas.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import { heatmapPicture } from './overlay.js';
import { isSigned, type PaletteName } from './palette.js';
import { wrappedLines } from '../../inference/figures/text.node.js';

/** A rectangle in layout pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const MARGIN = 24;
export const GAP = 10;
export const LINE = 16;
export const TITLE_LINE = 22;
export const INK = '#1a1a1a';
export const MUTED = '#5c5c5c';
export const TITLE = `bold 16px ${FONT_FAMILY}`;
export const BOLD = `bold 12px ${FONT_FAMILY}`;
export const PLAIN = `12px ${FONT_FAMILY}`;
const NOTE_MARGIN = 12;
const BAR_HEIGHT = 10;
const BAR_GAP = 6;
const BAR_CAPTION = 'evidence for the target, each map to its own scale';
const MAX_SIDE = 16_384;

/** A context to measure text with. */
export function textRuler(): SKRSContext2D {
  return figureCanvas(1, 1).getContext('2d');
}

/**
 * A white sheet of layout pixels, drawn on and encoded.
 * @param scale pixels of the PNG per layout pixel
 * @throws InputError if it has more pixels a side than a picture should
 */
export function sheetPng(
  width: number,
  height: number,
  scale: number,
  draw: (context: SKRSContext2D) => void,
): Uint8Array {
  const [pixelWidth, pixelHeight] = [Math.round(width * scale), Math.round(height * scale)];
  if (Math.max(pixelWidth, pixelHeight) > MAX_SIDE) {
    throw new InputError({
      name: 'figure',
      expected: `at most ${MAX_SIDE} pixels a side`,
      got: `${pixelWidth}×${pixelHeight} (use fewer pictures or layers)`,
    });
  }
  const canvas = figureCanvas(pixelWidth, pixelHeight);
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.textBaseline = 'middle';
  draw(context);
  return canvas.toBuffer('image/png');
}

/** Size of the picture when it just fits into a square. */
export function fittedSize({ width, height }: Picture, cell: number): { width: number; height: number } {
  const factor = cell / Math.max(width, height);
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/** The picture at its own aspect, centred in a box at least as wide as high. */
export function drawPicture(context: SKRSContext2D, picture: Picture, box: Box): void {
  const { width, height } = fittedSize(picture, box.width);
  const x = box.x + Math.floor((box.width - width) / 2);
  const y = box.y + Math.floor((box.height - height) / 2);
  context.drawImage(pictureCanvas(picture), x, y, width, height);
}

/** Lines of the context's font below each other, the block centred on height `middle`; `x` as `textAlign` says. */
export function drawLines(context: SKRSContext2D, lines: readonly string[], x: number, middle: number): void {
  lines.forEach((line, i) => context.fillText(line, x, middle + (i + 0.5 - lines.length / 2) * LINE));
}

/** Height of a box that takes all of a note, in a column of this width. */
export function noteHeight(context: SKRSContext2D, note: string, width: number): number {
  return (wrappedLines(context, note, width - 2 * NOTE_MARGIN, width).length + 2) * LINE;
}

/** Words in place of a picture. */
export function drawNote(context: SKRSContext2D, note: string, box: Box): void {
  context.fillStyle = '#f4f4f4';
  context.fillRect(box.x, box.y, box.width, box.height);
  context.strokeStyle = '#c8c8c8';
  context.strokeRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1);
  context.fillStyle = MUTED;
  context.font = PLAIN;
  context.textAlign = 'center';
  const lines = wrappedLines(context, note, box.width - 2 * NOTE_MARGIN, Math.floor(box.height / LINE) - 1);
  drawLines(context, lines, box.x + box.width / 2, box.y + box.height / 2);
}

/** The bar's caption in lines for a bar of this width, and how high bar and caption are together. */
export function colourBarLayout(context: SKRSContext2D, width: number): { caption: string[]; height: number } {
  context.font = PLAIN;
  const caption = wrappedLines(context, BAR_CAPTION, width - 40, 4);
  return { caption, height: BAR_HEIGHT + BAR_GAP + caption.length * LINE };
}

/** The palette from 0 (or −1) to 1, with what it means below. */
export function drawColourBar(
  context: SKRSContext2D,
  { x, y, width }: Omit<Box, 'height'>,
  caption: readonly string[],
  palette: PaletteName,
): void {
  const least = isSigned(palette) ? -1 : 0;
  const values = Float32Array.from({ length: 256 }, (_, i) => least + ((1 - least) * i) / 255);
  context.drawImage(pictureCanvas(heatmapPicture(values, 1, 256, palette)), x, y, width, BAR_HEIGHT);
  const below = y + BAR_HEIGHT + BAR_GAP;
  context.font = PLAIN;
  context.fillStyle = INK;
  context.textAlign = 'left';
  drawLines(context, [least === 0 ? '0' : '−1'], x, below + LINE / 2);
  context.textAlign = 'right';
  drawLines(context, ['1'], x + width, below + LINE / 2);
  context.fillStyle = MUTED;
  context.textAlign = 'center';
  drawLines(context, caption, x + width / 2, below + (caption.length * LINE) / 2);
}
