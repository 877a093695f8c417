/** @file The engine of a queue: workers elsewhere run the tasks of a job. */
import type { TaskEngine } from '../../inference/tasks/engine.js';
import type { QueueAddress } from './address.js';
import type { ConnectionMessages } from './connection.node.js';
import { runQueued } from './coordinate.node.js';

/** Sends tasks to the workers of a queue and waits for them. */
export function queueEngine(address: QueueAddress, messages: ConnectionMessages): TaskEngine {
  return {
    shared: true,
    async run(job, { signal, progress }) {
      await runQueued(job, address, { ...messages, signal, progress });
      return { complete: true, count: 0, missing: [] };
    },
  };
}
