/** @file What is held, and what is made again. */
import { expect, it } from 'vitest';
import { Held } from './held.js';

it('makes again what was not used for longest, and what could not be made', async () => {
  const held = new Held<string, string>(25);
  const made: string[] = [];
  const get = (key: string, size = 10) =>
    held.get(key, size, async () => {
      made.push(key);
      return key.toUpperCase();
    });
  expect([await get('a'), await get('b'), await get('a'), await get('c')]).toEqual(['A', 'B', 'A', 'C']);
  expect(made).toEqual(['a', 'b', 'c']);
  await get('a');
  await get('b');
  expect(made).toEqual(['a', 'b', 'c', 'b']);
  await get('large', 100);
  await get('large', 100);
  await get('a');
  expect(made).toEqual(['a', 'b', 'c', 'b', 'large', 'a']);
  const failing = () => held.get('d', 1, () => Promise.reject(new Error('a disk error')));
  await expect(failing()).rejects.toThrow('a disk error');
  expect(await get('d')).toBe('D');
});
