import { afterEach, describe, expect, it, vi } from 'vitest';
import { WatchedRun } from './watch.js';

interface Served {
  steps: () => number;
  fails?: () => boolean;
  id?: () => string;
}

/** Answers of a server whose metrics have a row per step, three to a part, each of one byte; quality may fail. */
function serve({ steps, fails = () => false, id = () => 'first' }: Served) {
  vi.stubGlobal('fetch', async (path: string) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const offset = Number(new URLSearchParams(path.split('?')[1]).get('offset') ?? 0);
    if (path.includes('/quality') && fails()) return new Response('gone', { status: 404 });
    if (!path.includes('/metrics')) return Response.json({ id: id(), rows: [], offset: 0, more: false });
    const end = Math.min(steps(), offset + 3);
    const rows = Array.from({ length: end - offset }, (_, i) => ({ step: offset + i + 1, run: id().length }));
    return Response.json({ rows, offset: end, more: end < steps() });
  });
}

const stepsOf = (run: WatchedRun) => run.metrics.value.map(({ step }) => step);
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

afterEach(() => vi.unstubAllGlobals());

describe('WatchedRun.refresh()', () => {
  it('loses no rows where two looks overlap', async () => {
    serve({ steps: () => 30 });
    const run = new WatchedRun('birds');
    const first = run.refresh();
    await new Promise((resolve) => setTimeout(resolve, 6));
    await Promise.all([first, run.refresh()]);
    expect(stepsOf(run)).toEqual(upTo(30));
  });

  it('reads again what a look had read that failed', async () => {
    let [steps, isGone] = [4, true];
    serve({ steps: () => steps, fails: () => isGone });
    const run = new WatchedRun('birds');
    await run.refresh();
    expect([run.problem.value, stepsOf(run)]).toEqual(['gone', []]);
    [steps, isGone] = [8, false];
    await run.refresh();
    expect([run.problem.value, stepsOf(run)]).toEqual(['', upTo(8)]);
  });

  it('begins again with a run that was made again under the same name', async () => {
    let [steps, id] = [4, 'one'];
    serve({ steps: () => steps, id: () => id });
    const run = new WatchedRun('birds');
    await run.refresh();
    [steps, id] = [8, 'other'];
    await run.refresh();
    expect(run.metrics.value).toEqual(upTo(8).map((step) => ({ step, run: 5 })));
  });
});
