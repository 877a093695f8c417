import { describe, expect, it } from 'vitest';
import type { TaskJob, TaskStage } from './job.js';
import { localEngine, performJob, shardEngine } from './engine.js';
import { rangesOf, runTasks } from './run.js';
import type { JobSpec } from './spec.node.js';

/** A job in memory: results shared by all its processes, and what each ran. */
function jobOf(counts: readonly number[]) {
  const results = counts.map(() => new Set<number>());
  const ran: string[] = [];
  const stages = counts.map((count, at): TaskStage => ({
    name: `stage ${at}`,
    async tasks() {
      if (at > 0) expect(results[at - 1]?.size).toBe(counts[at - 1]);
      return count;
    },
    size: (task) => (task === count - 1 ? 5 : 10),
    missing: async () => Array.from({ length: count }, (_, task) => task).filter((task) => !results[at]?.has(task)),
    done: async (task) => results[at]?.has(task) === true,
    async run(task, { signal, progress }) {
      signal?.throwIfAborted();
      ran.push(`${at}:${task}`);
      progress?.(3, 10);
      results[at]?.add(task);
    },
  }));
  const spec: JobSpec = { command: 'gan-sample', version: '1', options: {}, files: [], outputs: {} };
  const job: TaskJob<string> = { id: 'x', spec, stages, finish: async () => 'all of it', dispose: async () => {} };
  return { job, results, ran };
}

describe('runTasks(job, options)', () => {
  it('runs what has no result, in order, and tells how much is done', async () => {
    const { job, results, ran } = jobOf([4]);
    results[0]?.add(1);
    const told: number[] = [];
    const progress = (done: number, total: number) => told.push(done, total);
    expect(await runTasks(job, { progress })).toMatchObject({ complete: true, missing: [] });
    expect(ran).toEqual(['0:0', '0:2', '0:3']);
    expect(told).toEqual([13, 35, 20, 35, 23, 35, 30, 35, 33, 35, 35, 35]);
  });

  it('runs a share of the first stage; the last share runs all of the later ones', async () => {
    const { job, ran } = jobOf([5, 4]);
    const share = (index: number) => runTasks(job, { shard: { index, count: 3 } });
    expect(await share(2)).toEqual({ complete: false, count: 5, missing: [0, 1, 3, 4] });
    expect(await share(0)).toEqual({ complete: false, count: 5, missing: [1, 4] });
    expect(ran).toEqual(['0:2', '0:0', '0:3']);
    expect(await share(1)).toMatchObject({ complete: true });
    // Its own first, as others may be at work too.
    expect(ran.slice(3)).toEqual(['0:1', '0:4', '1:1', '1:0', '1:2', '1:3']);
  });

  it('merges: runs nothing of the first stage, and names what it lacks', async () => {
    const { job, results, ran } = jobOf([12, 2]);
    [0, 1, 5, 6, 7, 11].forEach((task) => results[0]?.add(task));
    await expect(runTasks(job, { merge: true })).rejects.toThrow(
      /^merge: expected the results of all 12 tasks; got no result of 6 tasks: 2–4, 8–10$/,
    );
    expect(ran).toEqual([]);
    [2, 3, 4, 8, 9, 10].forEach((task) => results[0]?.add(task));
    expect(await runTasks(job, { merge: true })).toMatchObject({ complete: true });
    expect(ran).toEqual(['1:0', '1:1']);
  });

  it('skips what another process has done in the meantime', async () => {
    const { job, results, ran } = jobOf([3]);
    const [stage] = job.stages as [TaskStage];
    const twin: TaskStage = {
      ...stage,
      async run(task, context) {
        await stage.run(task, context);
        results[0]?.add(task + 1);
      },
    };
    await runTasks({ ...job, stages: [twin] });
    expect(ran).toEqual(['0:0', '0:2']);
  });

  it('stops when the signal aborts; what is done stays done', async () => {
    const { job, results } = jobOf([4]);
    const stop = new AbortController();
    const running = runTasks(job, {
      signal: stop.signal,
      progress: (done) => done >= 20 && stop.abort(new Error('told to stop')),
    });
    await expect(running).rejects.toThrow('told to stop');
    expect([...(results[0] ?? [])]).toEqual([0, 1]);
  });
});

describe('performJob(job, engine, context)', () => {
  it('finishes what this process has done alone', async () => {
    const { job } = jobOf([3]);
    expect(localEngine.shared).toBe(false);
    expect(await performJob(job, localEngine, {})).toBe('all of it');
  });

  it('says what other shares have not done yet; the last one finishes', async () => {
    const { job } = jobOf([7, 2]);
    const lines: string[] = [];
    const share = (index: number) =>
      performJob(job, shardEngine({ index, count: 3 }), { log: (line) => lines.push(line) });
    expect([await share(1), await share(0)]).toEqual([undefined, undefined]);
    expect(lines).toEqual([
      'This share is done. Other shares lack 5 of 7 tasks: 0, 2–3, 5–6. Whoever finishes last completes the job; so does `merge`.',
      'This share is done. Other shares lack 2 of 7 tasks: 2, 5. Whoever finishes last completes the job; so does `merge`.',
    ]);
    expect(await share(2)).toBe('all of it');
  });
});

describe('rangesOf(numbers)', () => {
  it.each([
    [[3], '3'],
    [[0, 1, 2, 5], '0–2, 5'],
    [Array.from({ length: 10 }, (_, i) => 2 * i), '0, 2, 4, 6, 8, 10, 12, 14, …'],
  ])('of %j is %s', (numbers, text) => {
    expect(rangesOf(numbers)).toBe(text);
  });
});
