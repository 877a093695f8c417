/** @file What figures are made of: pictures, lines of text and headings at their places. */
import type { SKRSContext2D } from 'canvas';
import type { Picture } from '../pictures/pictures.js';
import { figureCanvas, pictureCanvas } from './canvas.node.js';
import { wrappedLines } from './text.node.js';
import { GAP, light, LINE, MARGIN, TITLE_FONT, TITLE_LINE } from './theme.js';

/** A rectangle in layout pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A context to measure text with. */
export function textRuler(): SKRSContext2D {
  return figureCanvas(1, 1).getContext('2d');
}

/** Size of the picture, fitted into a square. */
export function fittedSize({ width, height }: Picture, side: number): { width: number; height: number } {
  const factor = side / Math.max(width, height);
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/** Draws the picture with its own aspect ratio in the middle of a box that is at least as wide as high. */
export function drawPicture(context: SKRSContext2D, picture: Picture, box: Box): void {
  const { width, height } = fittedSize(picture, box.width);
  const x = box.x + Math.floor((box.width - width) / 2);
  const y = box.y + Math.floor((box.height - height) / 2);
  context.drawImage(pictureCanvas(picture), x, y, width, height);
}

/** Draws lines of text below each other, centred on height `middle`; `textAlign` says what `x` is. */
export function drawLines(context: SKRSContext2D, lines: readonly string[], x: number, middle: number): void {
  lines.forEach((line, i) => context.fillText(line, x, middle + (i + 0.5 - lines.length / 2) * LINE));
}

/** A figure's heading: its lines, and the height it takes below the margin. */
export interface Heading {
  lines: string[];
  height: number;
}

/** The heading of a figure of this width; one without a title has no height. */
export function headingOf(title: string | undefined, width: number, context: SKRSContext2D): Heading {
  if (title === undefined) return { lines: [], height: 0 };
  context.font = TITLE_FONT;
  const lines = wrappedLines(context, title, width - 2 * MARGIN, 2);
  return { lines, height: lines.length * TITLE_LINE + GAP };
}

/** Draws a heading in the upper left corner of a figure. */
export function drawHeading(context: SKRSContext2D, { lines }: Heading): void {
  context.fillStyle = light.ink;
  context.font = TITLE_FONT;
  context.textAlign = 'left';
  lines.forEach((line, i) => context.fillText(line, MARGIN, MARGIN + (i + 0.5) * TITLE_LINE));
}
