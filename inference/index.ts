/** @file `ganscope/inference` in Node: what runs everywhere, and files. */
export { chosenModel, type ModelChoice } from './networks/default-model.node.js';
export * from './index.web.js';
export { type JobContext, type PictureRecord } from './jobs/context.node.js';
export { performedJob } from './jobs/perform.node.js';
export { loadedLatents, saveLatents } from './latent/files.node.js';
export { writeAnimation } from './jobs/animation-files.node.js';
export { encodedAnimation } from './pictures/pictures.node.js';
export { createdSession } from './runtime/session.node.js';
