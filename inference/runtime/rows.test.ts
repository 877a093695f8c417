import { describe, expect, it } from 'vitest';
import { rowByRow } from './rows.js';
import type { Session, SessionTensor } from './session.js';

describe('rowByRow(session)', () => {
  const seen: SessionTensor[] = [];
  const doubling: Session = {
    inputNames: ['x'],
    outputNames: ['y'],
    run: async ({ x }) => {
      seen.push(x as SessionTensor);
      const { data, dims } = x as { data: Float32Array; dims: readonly number[] };
      return { y: { type: 'uint8', data: Uint8Array.from(data, (value) => 2 * value), dims } };
    },
    release: async () => {},
  };

  it('runs each row alone and joins the results, in their own type', async () => {
    const x = { type: 'float32', data: Float32Array.of(1, 2, 3, 4, 5, 6), dims: [3, 2] } as const;
    const { y } = await rowByRow(doubling).run({ x });
    expect(y).toEqual({ type: 'uint8', data: Uint8Array.of(2, 4, 6, 8, 10, 12), dims: [3, 2] });
    expect(seen.map(({ data, dims }) => [Array.from(data as Float32Array), dims])).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
      [
        [3, 4],
        [1, 2],
      ],
      [
        [5, 6],
        [1, 2],
      ],
    ]);
  });
});
