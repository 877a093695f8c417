/** @file `ganscope/trainer/settings`: every setting of a run as a table, presets, and files of settings; loads at once. */
export { type GanConfig } from './config.js';
export { configWith, presets } from './presets.js';
export { describedSettings, givenSettings } from './resolve-settings.node.js';
export { runDefaults, runSettings } from './run-settings.js';
export { settingSources } from './settings-file.node.js';
export { configSettings, type Setting } from './table.js';
