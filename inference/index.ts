/** @file `ganscope/inference` in Node: what runs everywhere, and files. */
export { resolveModel, type ModelChoice } from './networks/default-model.node.js';
export * from './index.web.js';
export { type JobContext, type PictureRecord } from './jobs/context.node.js';
export { runJob } from './jobs/perform.node.js';
export { loadLatents, saveLatents } from './latent/files.node.js';
export { writeAnimation } from './jobs/animation-files.node.js';
export { encodeAnimation } from './pictures/pictures.node.js';
export { createSession } from './runtime/session.node.js';
