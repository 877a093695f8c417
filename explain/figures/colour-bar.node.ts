/** @file What figures of maps need beside pictures: the bar that explains the colours, and words in place of a map. */
import type { SKRSContext2D } from 'canvas';
import { drawLines, type Box } from '../../inference/figures/boxes.node.js';
import { pictureCanvas } from '../../inference/figures/canvas.node.js';
import { wrappedLines } from '../../inference/figures/text.node.js';
import { light, LINE, PLAIN_FONT } from '../../inference/figures/theme.js';
import { heatmapPicture } from './overlay.js';
import type { PaletteName } from './names.js';
import { isSigned } from './palette.js';

const NOTE_MARGIN = 12;
/** In narrower boxes a part of a note says nothing. */
const LEGIBLE = 96;
const BAR_HEIGHT = 10;
const BAR_GAP = 6;
const BAR_CAPTION = 'evidence for the target, each map on its own scale';
const SAME_SCALE_CAPTION = 'evidence for the target, the maps of a row on one scale';

/** Height of a box that holds the whole note, in a column of this width. */
export function noteHeight(context: SKRSContext2D, note: string, width: number): number {
  context.font = PLAIN_FONT;
  return (wrappedLines(context, note, width - 2 * NOTE_MARGIN, width).length + 2) * LINE;
}

/** Draws a note in place of a map. */
export function drawNote(context: SKRSContext2D, note: string, box: Box): void {
  context.fillStyle = light.well;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.strokeStyle = light.wellBorder;
  context.strokeRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1);
  context.fillStyle = light.muted;
  context.font = PLAIN_FONT;
  context.textAlign = 'center';
  const room = Math.floor(box.height / LINE) - 1;
  const all = wrappedLines(context, note, box.width - 2 * NOTE_MARGIN, note.length);
  const fits = all.length <= room || box.width >= LEGIBLE;
  const lines = fits ? wrappedLines(context, note, box.width - 2 * NOTE_MARGIN, room) : ['no map'];
  drawLines(context, lines, box.x + box.width / 2, box.y + box.height / 2);
}

/** A colour bar's caption, and the height of bar and caption. */
export interface ColourBar {
  width: number;
  height: number;
  caption: string[];
}

/** The colour bar of this width. */
export function colourBarOf(context: SKRSContext2D, width: number, sameScale = false): ColourBar {
  context.font = PLAIN_FONT;
  const caption = wrappedLines(context, sameScale ? SAME_SCALE_CAPTION : BAR_CAPTION, width - 40, 4);
  return { width, height: BAR_HEIGHT + BAR_GAP + caption.length * LINE, caption };
}

/** Draws the palette from 0 (or −1) to 1 with its caption below. */
export function drawColourBar(
  context: SKRSContext2D,
  { x, y }: Pick<Box, 'x' | 'y'>,
  { width, caption }: ColourBar,
  palette: PaletteName,
): void {
  const least = isSigned(palette) ? -1 : 0;
  const values = Float32Array.from({ length: 256 }, (_, i) => least + ((1 - least) * i) / 255);
  context.drawImage(pictureCanvas(heatmapPicture(values, 1, 256, palette)), x, y, width, BAR_HEIGHT);
  const below = y + BAR_HEIGHT + BAR_GAP;
  context.font = PLAIN_FONT;
  context.fillStyle = light.ink;
  context.textAlign = 'left';
  drawLines(context, [least === 0 ? '0' : '−1'], x, below + LINE / 2);
  context.textAlign = 'right';
  drawLines(context, ['1'], x + width, below + LINE / 2);
  context.fillStyle = light.muted;
  context.textAlign = 'center';
  drawLines(context, caption, x + width / 2, below + (caption.length * LINE) / 2);
}
