/** @file `ganscope/explain/choices`: what can be chosen, for the help text or form of a program; loads at once. */
export { figureFormats } from '../inference/figures/formats.js';
export { overlayModes, paletteNames } from './figures/names.js';
export { metricNames } from './metrics/table.js';
export { baselineNames } from './methods/gradients/baselines.js';
export { methodGroups, methodRuns } from './methods/names.js';

/** Largest number of pictures whose maps lie in one folder. */
export const MOST_FLAT = 1000;
/** Pictures per task of larger jobs. */
export const TASK_SIZE = 120;
