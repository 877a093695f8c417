import { expect, it } from 'vitest';
import { Releases } from './releases.js';

it('releases in reverse order, each once and all in spite of errors', async () => {
  const released: string[] = [];
  const releases = new Releases();
  releases.add(() => void released.push('first'));
  releases.add(async () => {
    throw new Error('second');
  });
  releases.add(async () => {
    throw new Error('third');
  });
  releases.add(async () => void released.push('last'));
  await expect(releases.release()).rejects.toThrow('third');
  expect(released).toEqual(['last', 'first']);
  await releases.release();
  expect(released).toEqual(['last', 'first']);
});
