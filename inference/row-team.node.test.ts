import { afterAll, describe, expect, it } from 'vitest';
import { exportedModel, generatorSignature } from '../exporter/index.js';
import { modelBytes } from '../onnx/index.js';
import { generatorModel } from '../trainer/models.js';
import { configWith } from '../trainer/presets.js';
import { normalLatents, seedsFrom } from './latents.js';
import { rowsInTeam, type TeamMember } from './row-team.node.js';
import { sessionIn, startedSessionThread } from './runtime.node.js';
import { sessionTensor, type Session } from './session.js';
import type { Thread } from './thread.node.js';

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

describe('rowsInTeam(alone, opened)', () => {
  it('keeps batches with one session while they are short, and never opens the others', async () => {
    const log: string[] = [];
    const session = rowsInTeam(doubling('alone', log), () => Promise.reject(new Error('not needed')), 1e6);
    expect(await session.run(rows(9))).toEqual(doubled(9));
    expect(await session.run(rows(9))).toEqual(doubled(9));
    await session.release();
    expect(log).toEqual(['alone:9', 'alone:9', 'alone released']);
  });

  it('deals longer ones, joined in order, and leaves single rows to the first', async () => {
    const log: string[] = [];
    const team = ['a', 'b'].map((name) => member(name, log));
    const session = rowsInTeam(doubling('alone', log), async () => team, 0);
    await session.run(rows(3));
    await new Promise((resolve) => setTimeout(resolve, 1));
    log.length = 0;
    expect(await Promise.all([session.run(rows(11)), session.run(rows(2)), session.run(rows(1))])).toEqual(
      [11, 2, 1].map(doubled),
    );
    expect(log.filter((each) => each.startsWith('alone'))).toEqual(['alone:1']);
    const dealt = log.filter((each) => /^[ab]:/.test(each)).map((each) => each.split(':') as [string, string]);
    expect(dealt.map(([, count]) => Number(count)).toSorted()).toEqual([1, 1, 3, 4, 4]);
    expect(new Set(dealt.map(([name]) => name))).toEqual(new Set(['a', 'b']));
    await session.release();
    expect(log.slice(-3)).toEqual(['alone released', 'a ended', 'b ended']);
  });

  it('goes on alone when the others cannot be had', async () => {
    const log: string[] = [];
    const session = rowsInTeam(doubling('alone', log), () => Promise.reject(new Error('no memory')), 0);
    for (let run = 0; run < 3; run++) expect(await session.run(rows(5))).toEqual(doubled(5));
    await session.release();
    expect(log).toEqual(['alone:5', 'alone:5', 'alone:5', 'alone released']);
  });

  it('tells of a member that fails, and uses it again', async () => {
    const failing: Session = { ...doubling('a', []), run: () => Promise.reject(new Error('broken row')) };
    const session = rowsInTeam(doubling('alone', []), async () => [{ session: failing, end: async () => {} }], 0);
    await session.run(rows(2));
    await new Promise((resolve) => setTimeout(resolve, 1));
    await expect(session.run(rows(9))).rejects.toThrow('broken row');
    await expect(session.run(rows(2))).rejects.toThrow('broken row');
    await session.release();
  });

  it('ends members that were still being opened when it was released', async () => {
    const log: string[] = [];
    const opened = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return [member('late', log)];
    };
    const session = rowsInTeam(doubling('alone', []), opened, 0);
    await session.run(rows(2));
    await session.release();
    expect(log).toEqual(['late ended']);
  });
});

describe('a row of a generator', () => {
  const threads: Thread[] = [];
  afterAll(() => Promise.all(threads.map((thread) => thread.end())));

  it('is the same to the last bit on one core and on all', async () => {
    const network = generatorModel(configWith('cub200', { imageSize: 64, ngf: 16 }));
    const bytes = modelBytes(exportedModel(network, generatorSignature(network)));
    const opened = async (count: number) => {
      const thread = await startedSessionThread();
      threads.push(thread);
      return sessionIn(thread, bytes, { eachRow: true, threads: count });
    };
    const [all, one] = await Promise.all([opened(0), opened(1)]);
    const { inputNames, outputNames } = all;
    const feeds = { [inputNames[0]!]: sessionTensor(normalLatents(seedsFrom(0, 12), 100), [12, 100]) };
    const [a, b] = await Promise.all([all.run(feeds), one.run(feeds)]);
    expect(b[outputNames[0]!]?.data).toEqual(a[outputNames[0]!]?.data);
  });
});
