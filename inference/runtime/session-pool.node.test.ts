import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { Generator } from '../networks/generator.js';
import { normalLatents, seedsFrom } from '../latent/latents.js';
import { Random } from '../numeric/random.js';
import { rowsInTeam, type TeamMember } from './session-pool.node.js';
import { sessionTensor, type Session } from './session.js';

/** Doubles its input after a while, and writes its name and how many rows it got into `log`. */
function doubling(name: string, log: string[]): Session {
  return {
    inputNames: ['x'],
    outputNames: ['y'],
    run: async ({ x }) => {
      const { data, dims } = x as { data: Float32Array; dims: readonly number[] };
      log.push(`${name}:${dims[0]}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      return {
        y: sessionTensor(
          data.map((value) => 2 * value),
          dims,
        ),
      };
    },
    release: async () => void log.push(`${name} released`),
  };
}

const member = (name: string, log: string[]): TeamMember => ({
  session: doubling(name, log),
  hasEnded: () => false,
  end: async () => void log.push(`${name} ended`),
});
const rows = (count: number) => ({
  x: sessionTensor(
    Float32Array.from({ length: 2 * count }, (_, i) => i),
    [count, 2],
  ),
});
const doubled = (count: number) => ({
  y: sessionTensor(
    Float32Array.from({ length: 2 * count }, (_, i) => 2 * i),
    [count, 2],
  ),
});

/** Lets members that were asked for join. */
const joined = () => new Promise((resolve) => setTimeout(resolve, 1));

describe('rowsInTeam(first, options)', () => {
  it('keeps batches with one session while they are short, and never opens the others', async () => {
    const log: string[] = [];
    const opened = () => Promise.reject(new Error('not needed'));
    const session = rowsInTeam(doubling('first', log), { size: 2, opened, patience: 1e6 });
    expect(await session.run(rows(9))).toEqual(doubled(9));
    expect(await session.run(rows(1))).toEqual(doubled(1));
    await session.release();
    expect(log).toEqual(['first:5', 'first:4', 'first:1', 'first released']);
  });

  it('deals longer ones to as many as asked for, joined in order', async () => {
    const log: string[] = [];
    const names = ['b', 'c'];
    const opened = async () => member(names.shift() as string, log);
    const session = rowsInTeam(doubling('a', log), { size: 3, opened, patience: 0 });
    await session.run(rows(3));
    await joined();
    expect(names).toEqual([]);
    log.length = 0;
    const results = await Promise.all([session.run(rows(11)), session.run(rows(2)), session.run(rows(1))]);
    expect(results).toEqual([11, 2, 1].map(doubled));
    const dealt = log.map((each) => each.split(':') as [string, string]);
    expect(dealt.map(([, count]) => Number(count)).toSorted()).toEqual([1, 1, 1, 3, 4, 4]);
    expect(new Set(dealt.map(([name]) => name))).toEqual(new Set(['a', 'b', 'c']));
    await session.release();
    expect(log.slice(-3)).toEqual(['a released', 'b ended', 'c ended']);
  });

  it('goes on alone when the others cannot be had', async () => {
    const log: string[] = [];
    const opened = () => Promise.reject(new Error('no memory'));
    const session = rowsInTeam(doubling('first', log), { size: 2, opened, patience: 0 });
    for (let run = 0; run < 3; run++) expect(await session.run(rows(2))).toEqual(doubled(2));
    await session.release();
    expect(log).toEqual([...Array.from({ length: 6 }, () => 'first:1'), 'first released']);
  });

  it('tells of a part that fails once all parts are done, and deals no more to a thread that has ended', async () => {
    const log: string[] = [];
    let ended = false;
    const failing: TeamMember = {
      session: { ...doubling('b', log), run: () => Promise.reject(new Error('broken row')) },
      hasEnded: () => ended,
      end: async () => {},
    };
    const session = rowsInTeam(doubling('a', log), { size: 2, opened: async () => failing, patience: 0 });
    await session.run(rows(2));
    await joined();
    log.length = 0;
    await expect(session.run(rows(9))).rejects.toThrow('broken row');
    const done = log.length;
    await joined();
    expect(log.length).toBe(done);
    await expect(session.run(rows(2))).rejects.toThrow('broken row');
    ended = true;
    await expect(session.run(rows(2))).rejects.toThrow('broken row');
    expect(await session.run(rows(2))).toEqual(doubled(2));
    await session.release();
  });

  it('ends members that were still being opened when it was released', async () => {
    const log: string[] = [];
    const opened = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return member('late', log);
    };
    const session = rowsInTeam(doubling('first', []), { size: 2, opened, patience: 0 });
    await session.run(rows(2));
    await session.release();
    expect(log).toEqual(['late ended']);
  });
});

describe('Generator', () => {
  it('makes of a latent the same numbers to the last bit alone, in a batch, and by a team', async () => {
    // Sizes for which ONNX Runtime's results depend on the number of threads.
    const b = new GraphBuilder();
    const random = new Random(1);
    const weights = (name: string, shape: number[]) =>
      b.initializer(
        name,
        float32Tensor(
          Float32Array.from({ length: shape.reduce((a, c) => a * c) }, () => 0.05 * random.normal()),
          shape,
        ),
      );
    b.input('z', 'float32', ['N', 16]);
    const maps = b.reshape(b.matMul('z', weights('w', [16, 512 * 16])), ['N', 512, 4, 4]);
    const twice = { strides: [2, 2], pads: [1, 1, 1, 1] };
    const middle = b.op('ConvTranspose', [maps, weights('k1', [512, 130, 4, 4])], twice);
    const wide = b.op('Conv', [middle, weights('k2', [256, 130, 3, 3])], { pads: [1, 1, 1, 1] });
    b.output(b.op('Tanh', [b.op('ConvTranspose', [wide, weights('k3', [256, 3, 4, 4])], twice)]), 'image');
    await using generator = await Generator.load(modelOfGraph(b.graph), { device: 'cpu', threads: 4 });
    const latents = normalLatents(seedsFrom(0, 64), 16);
    const before = await generator.run(latents);
    for (const started = performance.now(); performance.now() - started < 1500;) await generator.run(latents);
    expect(await generator.run(latents)).toEqual(before);
    for (const row of [0, 9, 63]) {
      const size = before.length / 64;
      expect(await generator.run(latents.slice(16 * row, 16 * row + 16))).toEqual(
        before.slice(row * size, (row + 1) * size),
      );
    }
  });
});
