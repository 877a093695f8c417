import { describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import { goldenPath } from '../../fixtures/golden.js';
import { normalLatents, seedsFrom } from '../latent/latents.js';
import { directSession } from './direct-session.node.js';
import { sessionTensor } from './session.js';

const model = await readFile(goldenPath('generator.onnx'));

describe('eachRow', () => {
  it('gives every row of a generator the bits of its single run, from the first rows to the batches', async () => {
    const alone = await directSession(model, { threads: 1 });
    const rows = await directSession(model, { threads: 1, eachRow: true });
    const [input = ''] = alone.inputNames;
    const [output = ''] = alone.outputNames;
    const dims = 8;
    const latents = normalLatents(seedsFrom(0, 100), dims);
    const feeds = (from: number, to: number) => ({
      [input]: sessionTensor(latents.slice(from * dims, to * dims), [to - from, dims, 1, 1]),
    });
    const single: number[] = [];
    for (let row = 0; row < 100; row++) {
      single.push(...((await alone.run(feeds(row, row + 1)))[output]?.data as Float32Array));
    }
    const together: number[] = [];
    for (const [from, to] of [
      [0, 20],
      [20, 40],
      [40, 60],
      [60, 100],
    ] as const) {
      together.push(...((await rows.run(feeds(from, to)))[output]?.data as Float32Array));
    }
    expect(Float32Array.from(together)).toEqual(Float32Array.from(single));
    await alone.release();
    await rows.release();
  });
});
