import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { outputLevels, pictureFromOutput } from '../pictures/pixels.js';
import { openSession } from './runtime.node.js';
import { sessionTensor } from './session.js';

const size = { channels: 3, height: 2, width: 2 } as const;
const levels = outputLevels('tanh', 3);

/** A network that gives its input. */
function identity() {
  const b = new GraphBuilder();
  b.output(b.op('Identity', [b.input('x', 'float32', ['batch', 3, 2, 2])]), 'y');
  return modelOfGraph(b.graph);
}

describe('session.run(feeds, outputs, levels)', () => {
  const numbers = Float32Array.from({ length: 40 * 12 }, (_, i) => Math.sin(i) * 1.2);

  it.each([true, false])('gives the pixels of pictureFromOutput, with eachRow %s', async (eachRow) => {
    const session = await openSession(identity(), { eachRow });
    const expected = (from: number) =>
      pictureFromOutput(numbers.subarray(from * 12, (from + 1) * 12), size, 'tanh').data;
    // Twice, as the second run writes into the outputs of the first; then another number of rows.
    for (const [start, count] of [
      [0, 20],
      [20, 20],
      [5, 3],
    ] as const) {
      const x = sessionTensor(numbers.slice(start * 12, (start + count) * 12), [count, 3, 2, 2]);
      const { y } = await session.run({ x }, ['y'], levels);
      expect([y?.type, y?.dims]).toEqual(['uint8', [count, 2, 2, 3]]);
      const data = y?.data as Uint8Array;
      for (let row = 0; row < count; row++) {
        expect(data.slice(row * 12, (row + 1) * 12)).toEqual(expected(start + row));
      }
    }
    await session.release();
  });

  it('refuses numbers that are not finite, and outputs of another shape', async () => {
    const session = await openSession(identity(), { eachRow: true });
    const bad = new Float32Array(12).fill(Number.NaN);
    await expect(session.run({ x: sessionTensor(bad, [1, 3, 2, 2]) }, ['y'], levels)).rejects.toThrow(
      /^network output: expected finite numbers; got NaN/,
    );
    const x = sessionTensor(numbers.slice(0, 12), [1, 3, 2, 2]);
    await expect(session.run({ x }, ['y'], outputLevels('tanh', 1))).rejects.toThrow(
      /^output "y": expected float32 or uint8 numbers \[N, 1, H, W\]; got \[1, 3, 2, 2\]$/,
    );
    await session.release();
  });
});
