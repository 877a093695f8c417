import { describe, expect, it } from 'vitest';
import { rowByRow } from './rows.js';
import type { Session, SessionTensors } from './session.js';

/** A session of 2·x, and the rows of each of its runs. */
function doubling(change: (data: Float32Array, rows: number) => void = () => {}) {
  const runs: number[] = [];
  const session: Session = {
    inputNames: ['x'],
    outputNames: ['y'],
    run: async ({ x }) => {
      const { data, dims } = x as { data: Float32Array; dims: readonly number[] };
      const rows = dims[0] as number;
      runs.push(rows);
      const y = data.map((value) => 2 * value);
      change(y, rows);
      return { y: { type: 'float32', data: y, dims } };
    },
    release: async () => {},
  };
  return { session, runs };
}

const numbered = (rows: number, size = 2): SessionTensors => ({
  x: { type: 'float32', data: Float32Array.from({ length: rows * size }, (_, i) => i), dims: [rows, size] },
});
const doubled = (rows: number, size = 2) => Float32Array.from({ length: rows * size }, (_, i) => 2 * i);
const ones = (count: number) => Array.from({ length: count }, () => 1);

describe('rowByRow(session)', () => {
  it('runs few rows alone and joins the results, in their own type', async () => {
    const { session, runs } = doubling();
    const { y } = await rowByRow(session).run(numbered(3));
    expect(y).toEqual({ type: 'float32', data: doubled(3), dims: [3, 2] });
    expect(runs).toEqual([1, 1, 1]);
  });

  it('runs many rows in batches when they have the bits of single rows, and the rest alone', async () => {
    const { session, runs } = doubling();
    const rows = rowByRow(session);
    await rows.run(numbered(32));
    runs.length = 0;
    expect((await rows.run(numbered(35))).y).toEqual({ type: 'float32', data: doubled(35), dims: [35, 2] });
    // One row for the sizes, a batch and its rows to compare, then the work.
    expect(runs).toEqual([1, 16, ...ones(16), 16, 16, ...ones(3)]);
    runs.length = 0;
    await rows.run(numbered(16));
    expect(runs).toEqual([16]);
  });

  it.each([
    ['differ in one bit', (y: Float32Array) => void (y[5] = Math.fround((y[5] as number) * (1 + 2 ** -23)))],
    ['have another sign of zero', (y: Float32Array) => void (y[0] = -0)],
  ])('never runs batches whose results %s', async (_, change) => {
    const { session, runs } = doubling((y, rows) => rows > 1 && change(y));
    const rows = rowByRow(session);
    for (let call = 0; call < 4; call++) expect((await rows.run(numbered(16))).y?.data).toEqual(doubled(16));
    expect(runs.filter((count) => count > 1)).toEqual([16]);
  });

  it('never runs batches again where the network fails on one', async () => {
    const { session, runs } = doubling((_, rows) => {
      if (rows > 1) throw new Error('takes one row');
    });
    const rows = rowByRow(session);
    for (let call = 0; call < 4; call++) expect((await rows.run(numbered(16))).y?.data).toEqual(doubled(16));
    expect(runs.filter((count) => count > 1)).toEqual([16]);
  });

  it('runs fewer large rows at once', async () => {
    const size = 2 ** 18;
    const { session, runs } = doubling();
    const rows = rowByRow(session);
    const some = { x: { type: 'float32', data: new Float32Array(size * 16), dims: [16, size] } } as const;
    for (let call = 0; call < 3; call++) await rows.run(some);
    expect(runs.slice(32)).toEqual([1, 4, ...ones(4), 4, 4, 4, 4]);
  });
});
