import { describe, expect, it } from 'vitest';
import type { TaskJob, TaskStage } from '../../inference/tasks/job.js';
import { parallelEngine } from './engine.js';

/** A job of five tasks, of which the given ones are missing. @param told gets what each task was told */
function job(missing: readonly number[], told: (number | undefined)[]): TaskJob<unknown> {
  const stage: Partial<TaskStage> = {
    name: 'tasks',
    tasks: async () => 5,
    missing: async () => missing,
    run: async (_task, { atOnce }) => void told.push(atOnce),
  };
  return { stages: [stage] } as unknown as TaskJob<unknown>;
}

describe('parallelEngine(parallel)', () => {
  it.each([
    [1, [0, 1, 2, 3, 4], 1],
    [3, [0, 1, 2, 3, 4], 3],
    [4, [2, 4], 2],
  ])('with %s tells each of the missing tasks %j that %s run at once', async (parallel, missing, atOnce) => {
    const told: (number | undefined)[] = [];
    await parallelEngine(parallel).run(job(missing, told), {});
    expect(told).toEqual(missing.map(() => atOnce));
  });
});
