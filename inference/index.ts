/** @file `ganscope/inference` in Node: the portable part, and files. */
export * from './index.web.js';
export { runJob } from './jobs/run-job.node.js';
export { openSamplingTasks } from './jobs/open-sampling.node.js';
export { sampleJob, type SampleRequest } from './jobs/sample-job.node.js';
export { loadLatents, saveLatents } from './latent/files/latents-file.node.js';
export { resolveModel } from './runs/default-model.node.js';
export { isRun, resolveRun } from './runs/runs.node.js';
export { loadInputNumbers } from './tasks/shared/given-inputs.node.js';
export { picturePaths } from './files/picture-paths.node.js';
export { encodeAnimation } from './pictures/pictures.node.js';
