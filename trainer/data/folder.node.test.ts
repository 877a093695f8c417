/** @file Folders of pictures, made on the fly. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodedPng } from '../../inference/pictures.node.js';
import type { Picture } from '../../inference/pictures.js';
import { InputError } from '../../onnx/errors.js';
import { folderDataset } from './folder.node.js';
import { openDataset } from './open.node.js';

const base = await mkdtemp(join(tmpdir(), 'ganscope-folder-'));
afterAll(() => rm(base, { recursive: true }));

const flat = (level: number): Picture => ({
  width: 4,
  height: 3,
  channels: 3,
  data: new Uint8Array(36).fill(level),
});
/** A new folder whose files are flat pictures of these levels. */
async function folderOf(files: Record<string, number | string>): Promise<string> {
  const folder = await mkdtemp(join(base, 'set-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), typeof content === 'string' ? content : await encodedPng(flat(content)));
  }
  return folder;
}
async function levelsOf(folder: string): Promise<(number | undefined)[]> {
  const dataset = await folderDataset(folder);
  return Promise.all(Array.from({ length: dataset.length }, async (_, i) => (await dataset.picture(i)).data[0]));
}

describe('folderDataset(folder)', () => {
  it('has the pictures of a folder in the order of their names', async () => {
    const folder = await folderOf({ 'b.png': 2, 'a10.PNG': 1, 'c.png': 3, 'B.png': 0, 'list.txt': 'x', '.hid.png': 9 });
    expect(await levelsOf(folder)).toEqual([0, 1, 2, 3]);
    expect((await folderDataset(folder)).name).toBe(`4 pictures of ${folder}`);
  });

  it('finds them in class folders, hidden ones excepted', async () => {
    expect(
      await levelsOf(await folderOf({ 'wren/1.png': 4, 'auk/2.png': 1, 'auk/sub/1.png': 3, '.git/1.png': 9 })),
    ).toEqual([1, 3, 4]);
  });

  it('does not search more than eight folders deep, and says so', async () => {
    const folder = await folderOf({ '1/2/3/4/5/6/7/8/in.png': 1, '1/2/3/4/5/6/7/8/9/out.png': 2 });
    expect(await levelsOf(folder)).toEqual([1]);
    const { skipped } = await folderDataset(folder);
    expect(skipped).toEqual(['1/2/3/4/5/6/7/8/9: folders more than 8 deep are not searched']);
  });

  it('follows links to pictures within the folder, and skips those that lead out, nowhere or to folders', async () => {
    const outside = await folderOf({ 'secret.png': 9 });
    const folder = await folderOf({ 'auk/1.png': 1 });
    await symlink(join(folder, 'auk', '1.png'), join(folder, 'same.png'));
    await symlink(join(outside, 'secret.png'), join(folder, 'leak.png'));
    await symlink(outside, join(folder, 'out'));
    await symlink(folder, join(folder, 'auk', 'loop'));
    await symlink(`${folder}x.png`, join(folder, 'gone.png'));
    expect(await levelsOf(folder)).toEqual([1, 1]);
    expect((await folderDataset(folder)).skipped).toEqual([
      'auk/loop: a link to a folder is not followed',
      'gone.png: a link that leads nowhere',
      'leak.png: a link that leads out of the folder',
      'out: a link that leads out of the folder',
    ]);
  });

  it('may itself be a link', async () => {
    const link = join(base, 'link');
    await symlink(await folderOf({ '1.png': 5 }), link);
    expect(await levelsOf(link)).toEqual([5]);
  });

  it('refuses a folder without pictures, a file and what is not there', async () => {
    const folder = await folderOf({ 'readme.txt': 'no pictures' });
    await expect(folderDataset(folder)).rejects.toThrow(InputError);
    await expect(folderDataset(folder)).rejects.toThrow(
      /expected pictures \(\.avif, .*\.webp\); got a folder without any$/,
    );
    await expect(folderDataset(join(folder, 'readme.txt'))).rejects.toThrow(
      /expected a folder of pictures; got a file/,
    );
    await expect(folderDataset(join(folder, 'nope'))).rejects.toThrow(/expected a folder of pictures; got ENOENT/);
  });

  it('names the file that is broken', async () => {
    const dataset = await folderDataset(await folderOf({ 'a/broken.png': 'not a picture' }));
    await expect(dataset.picture(0)).rejects.toThrow(/^a\/broken\.png: expected a picture/);
    await expect(dataset.picture(0)).rejects.toThrow(InputError);
  });
});

describe('openDataset(source, config)', () => {
  it('is the built-in pictures or a folder', async () => {
    expect((await openDataset(undefined, { imageSize: 8 })).length).toBe(2048);
    expect((await openDataset(await folderOf({ '1.png': 5 }), { imageSize: 8 })).length).toBe(1);
  });
});
