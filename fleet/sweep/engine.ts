/** @file Runs of a sweep on this machine, some side by side. */
import type { TaskEngine } from '../../inference/tasks/engine.js';

/** This process runs all tasks, up to `parallel` at once. */
export function parallelEngine(parallel: number): TaskEngine {
  return {
    shared: false,
    async run(job, { signal, progress }) {
      for (const stage of job.stages) {
        const missing = [...(await stage.missing())];
        const count = await stage.tasks();
        let done = count - missing.length;
        progress?.(done, count, stage);
        const worker = async () => {
          for (let task = missing.shift(); task !== undefined; task = missing.shift()) {
            signal?.throwIfAborted();
            await stage.run(task, { ...(signal && { signal }) });
            progress?.(++done, count, stage);
          }
        };
        // All have ended when one that failed is told of: nothing goes on behind the caller's back.
        const ended = await Promise.allSettled(Array.from({ length: parallel }, worker));
        for (const each of ended) if (each.status === 'rejected') throw each.reason;
      }
      return { complete: true, count: 0, missing: [] };
    },
  };
}
