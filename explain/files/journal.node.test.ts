import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { entriesOfJob, Journal } from './journal.node.js';

const folder = await mkdtemp(join(tmpdir(), 'ganscope-journal-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

test('each entry is one line, also for readers to whom U+2028 and U+2029 end one', async () => {
  const job = { kind: 'maps', picture: 'a\u2028b' };
  const entries = [1, 2].map((done) => ({ done, picture: 'c\u2029d\u2028.png' }));
  const append = async (kept: number, own: typeof entries) => {
    const journal = await Journal.open<(typeof entries)[number]>(folder, job, kept);
    for (const entry of own) await journal.append(entry);
    await journal.close();
  };
  await append(0, entries.slice(0, 1));
  await append(1, entries.slice(1));
  const text = await readFile(join(folder, 'results.jsonl'), 'utf8');
  expect(text.trimEnd().split(/[\n\u2028\u2029]/)).toHaveLength(3);
  const found: unknown[] = [];
  for await (const entry of entriesOfJob(folder, job)) found.push(entry);
  expect(found).toEqual(entries);
});
