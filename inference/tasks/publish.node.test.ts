import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSynced } from '../../onnx/files/disk/atomic-file.node.js';
import { publishFile, publishFolder } from './publish.node.js';
import { TaskResults } from './results.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-publish-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('publishFile(path, write)', () => {
  it('lets one of two at once win, and leaves nothing of the other', async () => {
    const path = join(folder, 'file', '00000.npy');
    const both = await Promise.all(['x', 'x'].map((text) => publishFile(path, ({ handle }) => handle.writeFile(text))));
    expect(both).toContain(true);
    expect(await publishFile(path, ({ handle }) => handle.writeFile('y'))).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('x');
    expect(await readdir(join(folder, 'file'))).toEqual(['00000.npy']);
  });

  it('leaves nothing where writing fails', async () => {
    const path = join(folder, 'failed', '00000.npy');
    const write = publishFile(path, async ({ handle }) => {
      await handle.writeFile('half');
      throw new Error('the network is gone');
    });
    await expect(write).rejects.toThrow('the network is gone');
    expect(await readdir(join(folder, 'failed'))).toEqual([]);
  });
});

describe('publishFolder(path, fill)', () => {
  const fill = async (at: string) => {
    for (const name of ['a.png', 'b.png']) await writeSynced(join(at, name), name);
  };

  it('lets one of several at once win, whole', async () => {
    const path = join(folder, 'folders', '00000');
    const all = await Promise.all([1, 2, 3, 4].map(() => publishFolder(path, fill)));
    expect(all.filter(Boolean)).toHaveLength(1);
    expect(await publishFolder(path, fill)).toBe(false);
    expect((await readdir(path)).toSorted()).toEqual(['a.png', 'b.png']);
    expect(await readdir(join(folder, 'folders'))).toEqual(['00000']);
  });

  it('leaves nothing where filling fails, and names the place that was meant', async () => {
    const path = join(folder, 'broken', '00000');
    const broken = publishFolder(path, (at) => writeSynced(join(at, 'missing', 'a.png'), ''));
    await expect(broken).rejects.toThrow(join(path, 'missing', 'a.png'));
    expect(await readdir(join(folder, 'broken'))).toEqual([]);
  });
});

describe('TaskResults', () => {
  it('knows which results are there, and looks up those that come later', async () => {
    const results = new TaskResults(join(folder, 'some'), 6, (task) => `${String(task).padStart(5, '0')}.npy`);
    expect(await results.missing()).toEqual([0, 1, 2, 3, 4, 5]);
    await mkdir(results.folder);
    for (const name of ['00001.npy', '00003.npy', '2.npy', '00004.zip', '00009.npy', 'notes'])
      await writeFile(join(results.folder, name), '');
    expect(await results.missing()).toEqual([0, 2, 4, 5]);
    expect([await results.done(1), await results.done(2)]).toEqual([true, false]);
    await writeFile(results.path(2), '');
    expect(await results.done(2)).toBe(true);
    await rm(results.path(1));
    expect(await results.missing()).toEqual([0, 1, 4, 5]);
  });
});
