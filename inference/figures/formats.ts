/** @file The file formats of figures. */

/** The formats, in the order they are listed to users. */
export const figureFormats = ['png', 'svg', 'pdf'] as const;

/** A file format of figures: pixels, or vectors with text as text. */
export type FigureFormat = (typeof figureFormats)[number];
