import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder } from './folder.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-folder-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('makeFolder(path)', () => {
  it('makes what is missing, and says where it began', async () => {
    expect(await makeFolder(join(folder, 'a', 'b', 'c'))).toBe(join(folder, 'a'));
    expect((await stat(join(folder, 'a', 'b', 'c'))).isDirectory()).toBe(true);
    expect(await makeFolder(join(folder, 'a', 'b'))).toBeUndefined();
    await Promise.all([makeFolder(join(folder, 'x', 'y')), makeFolder(join(folder, 'x', 'y'))]);
    expect((await stat(join(folder, 'x', 'y'))).isDirectory()).toBe(true);
  });

  it('names the file that is in the way', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.skipIf(process.platform !== 'linux')('gives up where nothing can be made', async () => {
    await expect(makeFolder('/proc/ganscope/folder')).rejects.toMatchObject({ code: 'ENOENT', path: '/proc/ganscope' });
  });
});
