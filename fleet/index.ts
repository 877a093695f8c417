/** @file `ganscope/fleet`: work beyond one process, on engines that people operate already. Loaded only where it is used. */
export { shownText } from '../inference/files/copies.node.js';
export type { Group } from '../trainer/step/state/group.js';
export { joinGroup } from './all-reduce/sidecar.node.js';
export { queueAddress, type QueueAddress } from './queue/address.js';
export { queueEngine } from './queue/engine.node.js';
export { expectServer } from './queue/reach.node.js';
export { Originals } from './results/originals.node.js';
export { StoredFolder } from './results/stored-folder.node.js';
export { S3Inputs, type FetchContext } from './storage/inputs.node.js';
export { parallelEngine } from './sweep/engine.js';
export { sweepFolder, sweepJob } from './sweep/job.node.js';
export { readSweep } from './sweep/plan.node.js';
export { openJob, type WorkerPlace } from './worker/open-job.node.js';
export { workerRoots } from './worker/roots.node.js';
export { serveQueue, type WorkerOptions, type WorkerOutcome } from './worker/serve.node.js';
