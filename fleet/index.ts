/** @file `ganscope/fleet`: jobs on several machines, through a queue on Redis or Valkey. Loaded only where it is used. */
export { queueAddress, type QueueAddress } from './queue/address.js';
export { queueEngine } from './queue/engine.node.js';
export { openJob, type WorkerPlace } from './worker/open-job.node.js';
export { workerRoots } from './worker/roots.node.js';
export { serveQueue, type WorkerOptions, type WorkerOutcome } from './worker/serve.node.js';
