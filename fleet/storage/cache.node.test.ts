/** @file Copies of objects: which of them make room, and which stay. */
import { mkdtemp, readdir, rename, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { Cache } from './cache.node.js';
import { S3Storage } from './client.node.js';
import { TestS3 } from './s3.test.helper.js';

let s3: TestS3;
let storage: S3Storage;
let folder: string;

beforeAll(async () => {
  s3 = await TestS3.start();
  for (const [name, value] of Object.entries(s3.env)) vi.stubEnv(name, value);
  storage = await S3Storage.open(process.env);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-cache-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
afterAll(async () => {
  storage.close();
  vi.unstubAllEnvs();
  await s3.stop();
});

/** Copies one object of a size, into copies of at most 100 bytes. */
async function copied(key: string, size: number): Promise<string> {
  s3.put(key, Buffer.alloc(size, key));
  for await (const object of storage.list({ bucket: 'open', key }, 'all')) {
    const cache = Cache.of({ GANSCOPE_CACHE: folder, GANSCOPE_CACHE_GB: String(100 / 1e9) });
    return basename(await cache.copy(storage, [{ object, path: [key] }]));
  }
  throw new Error(`${key} is not listed`);
}

const usedDaysAgo = (copy: string, days: number) => {
  const time = new Date(Date.now() - days * 24 * 3_600_000);
  return utimes(join(folder, copy), time, time);
};

it('makes room with the copies that were unused for longest, no more than needed', async () => {
  const [old, older, fresh] = [await copied('a', 30), await copied('b', 30), await copied('c', 30)];
  await usedDaysAgo(old, 2);
  await usedDaysAgo(older, 3);
  const next = await copied('d', 40);
  expect((await readdir(folder)).toSorted()).toEqual([old, fresh, next].toSorted());
});

it('removes what is left of a removal that was interrupted', async () => {
  const first = await copied('a', 30);
  await rename(join(folder, first), join(folder, `${first}.removed`));
  const next = await copied('b', 30);
  expect(await readdir(folder)).toEqual([next]);
});

it('keeps a copy that is used again, and refuses what has no room beside copies in use', async () => {
  const first = await copied('a', 60);
  await usedDaysAgo(first, 2);
  expect(await copied('a', 60)).toBe(first);
  await expect(copied('e', 50)).rejects.toThrow(/expected room for 5e-8 GB in copies of at most 1e-7 GB/);
  expect(await readdir(folder)).toEqual([first]);
});

it('lists all pages, and fetches what has the same name and another content anew', async () => {
  for (let i = 0; i < 10; i++) s3.put(`pages/${i}`, 'x');
  const keys: string[] = [];
  for await (const { key } of storage.list({ bucket: 'open', key: 'pages/' }, 'all')) keys.push(key);
  expect(keys).toEqual(Array.from({ length: 10 }, (_, i) => `pages/${i}`));
  const before = await copied('f', 10);
  expect(await copied('f', 11)).not.toBe(before);
});
