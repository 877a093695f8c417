/** @file Items that are worked on some at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inParallel } from './in-parallel.js';

it('works on every item once, so many at a time', async () => {
  const seen: number[] = [];
  let [running, most] = [0, 0];
  await inParallel(Array(10).keys(), 3, async (item) => {
    most = Math.max(most, ++running);
    await sleep(1);
    seen.push(item);
    running--;
  });
  expect(seen.toSorted((a, b) => a - b)).toEqual([...Array(10).keys()]);
  expect(most).toBe(3);
});

it('begins nothing after a failure, and throws the first one when nothing runs any more', async () => {
  const [begun, ended]: [number[], number[]] = [[], []];
  const work = async (item: number) => {
    begun.push(item);
    await sleep(item === 0 ? 20 : 1);
    if (item > 0) throw new Error(`item ${item}`);
    ended.push(item);
  };
  await expect(inParallel([0, 1, 2, 3], 2, work)).rejects.toThrow('item 1');
  expect(begun).toEqual([0, 1]);
  expect(ended).toEqual([0]);
});
