/** @file Drawings as files of the formats that people use in papers. */
import { encodedDrawing, type Drawing } from './drawing.node.js';
import type { FigureFormat } from './formats.js';
import { drawingPdf, drawingSvg } from './vector.node.js';

/** How a drawing becomes a file. */
export interface DrawingFileOptions {
  /** Default `png`. */
  format?: FigureFormat;
  /** Dots per inch of a PNG file; default 192, two pixels per layout pixel. */
  dpi?: number;
}

/** Layout pixels per inch. */
export const LAYOUT_DPI = 96;

/** The drawing as a file. @throws InputError if a side of a PNG file would be longer than a picture can be */
export async function drawingFile(
  drawing: Drawing,
  { format = 'png', dpi }: DrawingFileOptions = {},
): Promise<Uint8Array> {
  if (format === 'svg') return drawingSvg(drawing);
  if (format === 'pdf') return drawingPdf(drawing);
  return encodedDrawing(drawing, (dpi ?? 2 * LAYOUT_DPI) / LAYOUT_DPI, dpi);
}
