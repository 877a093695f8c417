/** @file Names of palettes and overlays: what help texts and forms list without loading the tables. */

/** The palettes, in the order of the help text. */
export const paletteNames = ['jet', 'turbo', 'viridis', 'magma', 'inferno', 'cividis', 'diverging'] as const;

/** Name of a palette. */
export type PaletteName = (typeof paletteNames)[number];

/** The overlays, in the order of the help text. */
export const overlayModes = ['report', 'blend', 'contours'] as const;
