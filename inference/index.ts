/** @file `ganscope/inference` in Node: what runs everywhere, and files. */
export * from './index.web.js';
export type { JobContext } from './jobs/context.node.js';
export { runJob } from './jobs/perform.node.js';
export { loadLatents, saveLatents } from './latent/files.node.js';
export { resolveModel } from './networks/default-model.node.js';
export { resolveRun } from './networks/runs.node.js';
export { picturePaths } from './pictures/picture-paths.node.js';
export { encodeAnimation } from './pictures/pictures.node.js';
