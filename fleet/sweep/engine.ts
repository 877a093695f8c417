/** @file Runs of a sweep on this machine, some side by side. */
import { inParallel } from '../../inference/files/in-parallel.js';
import type { TaskEngine } from '../../inference/tasks/engine.js';

/** This process runs all tasks, up to `parallel` at once. */
export function parallelEngine(parallel: number): TaskEngine {
  return {
    shared: false,
    async run(job, { signal, progress }) {
      for (const stage of job.stages) {
        const missing = await stage.missing();
        const count = await stage.tasks();
        let done = count - missing.length;
        progress?.(done, count, stage);
        const atOnce = Math.min(parallel, missing.length);
        await inParallel(missing, atOnce, async (task) => {
          signal?.throwIfAborted();
          await stage.run(task, { atOnce, ...(signal && { signal }) });
          progress?.(++done, count, stage);
        });
      }
      return { complete: true, count: 0, missing: [] };
    },
  };
}
