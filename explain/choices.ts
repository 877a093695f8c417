/** @file `ganscope/explain/choices`: what can be chosen, for the help text or form of a program; loads at once. */
export { figureFormats } from '../inference/figures/formats.js';
export { overlayModes, paletteNames } from './figures/names.js';
export { methodGroups } from './methods/table.js';
