import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { picturePaths } from './picture-paths.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-paths-'));
  for (const name of ['b/2.JPG', 'a/1.png', 'a/notes.txt', 'empty/notes.txt']) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), '');
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('picturePaths(sources)', () => {
  test('keeps files as they are named and lists the pictures of folders', async () => {
    const file = join(folder, 'a', 'notes.txt');
    const [first, second] = [join(folder, 'a', '1.png'), join(folder, 'b', '2.JPG')];
    expect(await picturePaths([file, folder, 'missing.png'])).toEqual({
      paths: [file, first, second, 'missing.png'],
      skipped: [],
    });
  });

  test('refuses a folder without pictures', async () => {
    const empty = join(folder, 'empty');
    await expect(picturePaths([empty])).rejects.toThrow(`${empty}: expected pictures (.avif, .bmp, .gif, .jfif,`);
    await expect(picturePaths([empty])).rejects.toThrow(/got a folder without any$/);
  });

  test('leaves out the pictures of a folder of results', async () => {
    const paths = [join(folder, 'b', '2.JPG')];
    expect(await picturePaths([folder], { results: join(folder, 'a') })).toEqual({ paths, skipped: [], results: 1 });
    expect(await picturePaths([join(folder, 'b')], { results: join(folder, 'b') })).toMatchObject({
      paths,
      results: 0,
    });
    const none = picturePaths([folder], { results: join(folder, '..') });
    expect((await none).paths).toHaveLength(2);
    await rm(join(folder, 'b'), { recursive: true });
    await expect(picturePaths([folder], { results: join(folder, 'a') })).rejects.toThrow(
      `got a folder without any, but for those in ${join(folder, 'a')}`,
    );
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'b', '2.JPG'), '');
  });

  test('says why a link to a picture does not count', async () => {
    const links = join(folder, 'links');
    await mkdir(links);
    await symlink(join(folder, 'a', '1.png'), join(links, '1.png'));
    await expect(picturePaths([links])).rejects.toThrow('without any (1.png: a link that leads out of the folder)');
    const followed = await picturePaths([links], { followLinks: true });
    expect(followed).toEqual({ paths: [join(links, '1.png')], skipped: [] });
  });
});
