import { describe, expect, it } from 'vitest';
import { chosenEngine } from './engine.js';

const messages = { note: () => {}, warn: () => {} };

describe('chosenEngine(words, bulk, messages)', () => {
  it.each([
    [{ shard: '0/2' }, 'shard: expected to be used with `out`'],
    [{ merge: true }, 'merge: expected to be used with `out`'],
    [{ queue: '' }, 'queue: expected to be used with `out`'],
  ])('refuses %j for work without parts, and names what would give it some', async (words, message) => {
    await expect(chosenEngine(words, '`out`', messages)).rejects.toMatchObject({ name: 'InputError', message });
  });

  it.each([
    [{ shard: '0/2', merge: true }, 'merge and shard cannot be combined'],
    [{ shard: '0/2', queue: 'redis://host' }, 'queue and shard cannot be combined'],
    [{ merge: true, queue: 'redis://host' }, 'queue and merge cannot be combined'],
  ])('refuses %j together', async (words, message) => {
    await expect(chosenEngine(words, true, messages)).rejects.toMatchObject({ name: 'InputError', message });
  });
});
