/** @file How the files of figures and plots are made: format, resolution and size. */
import type { FigureFormat } from '../../inference/figures/formats.js';
import { InputError } from '../../onnx/errors.js';

/** How figures and plots become files. */
export interface FigureFileOptions {
  /** Default `png`; `svg` and `pdf` keep text as text and maps as images. */
  format?: FigureFormat;
  /** Dots per inch of PNG files, 36…600; default 192, without a note of it in the file. */
  dpi?: number;
  /** Width in millimetres, 60…1000, with text of 9 points; by default as wide as the pictures are. */
  width?: number;
  /** Whether the maps of a row share one scale, default false: each map has its own. */
  sameScale?: boolean;
  /** Headings above plots, and labels of the rows of figures, default true. */
  titles?: boolean;
  /** Rows side by side in a figure, 1…12, default 1. With five methods or more there is no room: that is refused. */
  perRow?: number;
}

/** @throws InputError for a resolution a width or a number per row that is out of range */
export function requireFigureOptions({ dpi, width, perRow = 1 }: FigureFileOptions): void {
  const require = (name: string, value: number | undefined, from: number, to: number) => {
    if (value !== undefined && !(value >= from && value <= to))
      throw new InputError({ name, expected: `a number of ${from}…${to}`, got: value });
  };
  require('dpi', dpi, 36, 600);
  require('width', width, 60, 1000);
  if (!Number.isInteger(perRow) || perRow < 1 || perRow > 12)
    throw new InputError({ name: 'perRow', expected: 'a whole number of 1…12', got: perRow });
}

/** A width in millimetres in layout pixels, of which an inch has 96. */
export function layoutWidth(millimetres: number): number {
  return Math.round((millimetres / 25.4) * 96);
}
