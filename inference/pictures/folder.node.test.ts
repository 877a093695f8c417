/** @file Folders of pictures, made on the fly. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { base, classNames, folderOf, levels } from '../../trainer/data/data.test.helper.js';
import { openDataset } from '../../trainer/data/formats/table.node.js';

const opened = (folder: string, options = {}) => openDataset(folder, { imageSize: 8, ...options });
const levelsOf = async (folder: string) => levels(await opened(folder));

describe('openDataset(folder)', () => {
  it('has the pictures of a folder in the order of their names', async () => {
    const folder = await folderOf({ 'b.png': 2, 'a10.PNG': 1, 'c.png': 3, 'B.png': 0, 'list.txt': 'x', '.hid.png': 9 });
    expect(await levelsOf(folder)).toEqual([0, 1, 2, 3]);
    expect((await opened(folder)).name).toBe(`4 pictures of ${folder}`);
  });

  it('finds them in class folders, hidden ones excepted', async () => {
    expect(
      await levelsOf(await folderOf({ 'wren/1.png': 4, 'auk/2.png': 1, 'auk/sub/1.png': 3, '.git/1.png': 9 })),
    ).toEqual([1, 3, 4]);
  });

  it('does not search more than eight folders deep, and says so', async () => {
    const folder = await folderOf({ '1/2/3/4/5/6/7/8/in.png': 1, '1/2/3/4/5/6/7/8/9/out.png': 2 });
    expect(await levelsOf(folder)).toEqual([1]);
    const { skipped } = await opened(folder);
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
    expect((await opened(folder)).skipped).toEqual([
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
    await expect(opened(folder)).rejects.toThrow(InputError);
    await expect(opened(folder)).rejects.toThrow(
      /expected CUB-200-2011 .*, or pictures \(\.avif, .*\.webp\); got 1 other files$/,
    );
    await expect(opened(join(folder, 'readme.txt'))).rejects.toThrow(/readme\.txt: expected .*; got 1 other files$/);
    await expect(opened(join(folder, 'nope'))).rejects.toThrow(/expected a folder, or a file of pictures; got ENOENT/);
  });

  it('names the file that is broken', async () => {
    const dataset = await opened(await folderOf({ 'a/broken.png': 'not a picture' }));
    await expect(dataset.picture(0)).rejects.toThrow(/^a\/broken\.png: expected a picture/);
    await expect(dataset.picture(0)).rejects.toThrow(InputError);
  });

  it('takes class folders for classes', async () => {
    const files = { 'all/wren/1.png': 4, 'all/auk/2.png': 1, 'all/auk/sub/1.png': 3, 'all/012.Snow_Bunting/1.png': 7 };
    const folder = await folderOf(files);
    const dataset = await opened(folder);
    expect(await levels(dataset)).toEqual([7, 1, 3, 4]);
    expect(classNames(dataset)).toEqual(['012.Snow_Bunting', 'auk', 'auk', 'wren']);
    expect(classNames(await opened(folder, { classes: ['WREN', '12'] }))).toEqual(['012.Snow_Bunting', 'wren']);
    expect(await levelsOf(join(folder, 'all', 'auk'))).toEqual([1, 3]);
    expect((await opened(join(folder, 'all', 'auk'))).labels).toBeUndefined();
    await expect(opened(folder, { classes: ['snow bunting'] })).rejects.toThrow(
      /^classes: expected names or numbers of the 3 classes, such as 012\.Snow_Bunting; got "snow bunting"$/,
    );
    await expect(opened(folder, { split: 'test' })).rejects.toThrow(
      /^split: expected data that has it \(CUB-200-2011, IDX files as of MNIST\); got pictures$/,
    );
  });
});

describe('openDataset()', () => {
  it('is the built-in pictures, which have no classes and no splits', async () => {
    expect((await openDataset(undefined, { imageSize: 8 })).length).toBe(2048);
    await expect(openDataset(undefined, { imageSize: 8, classes: ['x'] })).rejects.toThrow(
      /^classes: expected .*; got the built-in pictures$/,
    );
    await expect(openDataset(undefined, { imageSize: 8, split: 'test' })).rejects.toThrow(
      /^split: .*; got built-in pictures$/,
    );
  });
});
