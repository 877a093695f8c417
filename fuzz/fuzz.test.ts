import { describe, expect, it } from 'vitest';
import { fuzzCommands } from './commands.js';
import { fuzz } from './run.js';
import { fuzzKinds } from './table.js';

describe('fuzz(options)', () => {
  it('finds nothing in damaged files of any kind', async () => {
    const { read, refused, findings } = await fuzz({ seed: 20_261_128, count: 400 });
    expect(findings).toEqual([]);
    expect(read + refused).toBe(400);
    expect(read).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(100);
  });

  it('finds nothing in commands that are given them', async () => {
    expect(await fuzzCommands({ seed: 20_261_128, count: 1 })).toEqual([]);
  });

  it('makes the same files for the same seed', async () => {
    const one = { seed: 5, count: 30, kinds: ['npy', 'labels', 'settings'] };
    expect(await fuzz(one)).toEqual(await fuzz(one));
  });

  it('reports what is neither read nor refused in order', async () => {
    const broken = { ...fuzzKinds['npy']!, read: () => Promise.reject(new TypeError('a bug')) };
    const table = { ...fuzzKinds, npy: broken };
    const { findings } = await fuzz({ seed: 1, count: 2, kinds: ['npy'], table });
    expect(findings.map(({ number, kind }) => [number, kind])).toEqual([
      [0, 'npy'],
      [1, 'npy'],
    ]);
    expect(findings[0]?.problem).toMatch(/^TypeError: a bug/);
  });
});
