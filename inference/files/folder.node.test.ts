/** @file Folders of pictures, made on the fly. */
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { base, classNames, flat, folderOf, levels } from '../../trainer/data/data.test.helper.js';
import { openDataset } from '../../trainer/data/formats/table.node.js';
import { folderTree } from './folder.node.js';
import { picturePaths } from './picture-paths.node.js';
import { encodePng } from '../pictures/pictures.node.js';

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

  it('follows links within the folder, and skips those that lead out, nowhere or back', async () => {
    const outside = await folderOf({ 'secret.png': 9 });
    const folder = await folderOf({ 'auk/1.png': 1 });
    await symlink(join(folder, 'auk', '1.png'), join(folder, 'same.png'));
    await symlink(join(outside, 'secret.png'), join(folder, 'leak.png'));
    await symlink(outside, join(folder, 'out'));
    await symlink(folder, join(folder, 'auk', 'loop'));
    await symlink(`${folder}x.png`, join(folder, 'gone.png'));
    expect(await levelsOf(folder)).toEqual([1, 1]);
    expect((await opened(folder)).skipped).toEqual([
      'auk/loop: a link to a folder around it',
      'gone.png: a link that leads nowhere',
      'leak.png: a link that leads out of the folder',
      'out: a link that leads out of the folder',
    ]);
    const followed = await opened(folder, { followLinks: true });
    expect(await levels(followed)).toEqual([1, 9, 9, 1]);
    expect(followed.skipped).toEqual(['auk/loop: a link to a folder around it', 'gone.png: a link that leads nowhere']);
  });

  it('follows the links of a snapshot in a download cache to the files beside it, and nowhere else', async () => {
    const cache = await folderOf({ 'blobs/aa11': 4, 'other/secret.png': 9, 'snapshots/1f/data/readme.txt': 'x' });
    const snapshot = join(cache, 'snapshots', '1f');
    await symlink('../../../blobs/aa11', join(snapshot, 'data', '1.png'));
    await symlink('../../../other/secret.png', join(snapshot, 'data', '2.png'));
    for (const folder of [snapshot, join(snapshot, 'data')]) {
      const dataset = await opened(folder);
      expect(await levels(dataset)).toEqual([4]);
      expect(dataset.skipped).toEqual([expect.stringMatching(/2\.png: a link that leads out of the folder$/)]);
    }
  });

  it('follows links to folders, but not in circles', async () => {
    const folder = await folderOf({ 'a/1.png': 1, 'b/2.png': 2 });
    await symlink(join(folder, 'a'), join(folder, 'b', 'to-a'));
    await symlink(join(folder, 'b'), join(folder, 'a', 'to-b'));
    const dataset = await opened(folder);
    expect(await levels(dataset)).toEqual([1, 2, 2, 1]);
    expect(dataset.skipped).toEqual([
      'a/to-b/to-a: a link to a folder around it',
      'b/to-a/to-b: a link to a folder around it',
    ]);
  });

  it('follows one link to each folder, as links to links would multiply its pictures', async () => {
    const folder = await folderOf({ '0/1.png': 1, '1/2.png': 2, '2/3.png': 3 });
    for (const [from, to] of [
      ['0', '1'],
      ['1', '2'],
    ] as const)
      for (const name of ['x', 'y']) await symlink(join(folder, to), join(folder, from, name));
    const { paths, skipped } = await folderTree(folder);
    expect(paths).toEqual(['0/1.png', '0/x/2.png', '0/x/x/3.png', '1/2.png', '2/3.png']);
    expect(skipped).toEqual(
      ['0/x/y', '0/y', '1/x', '1/y'].map((link) => `${link}: a link to a folder that is listed already`),
    );
  });

  it.runIf(process.platform === 'linux')('reads files whose names are not UTF-8', async () => {
    const folder = await folderOf({ 'a.png': 1 });
    const odd = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.png')]);
    await writeFile(odd, await encodePng(flat(6)));
    const dataset = await opened(folder);
    expect(await levels(dataset)).toEqual([1, 6]);
    expect((await folderTree(folder)).paths).toEqual(['a.png', 'caf\\xE9.png']);
    expect(await picturePaths([folder])).toEqual({
      paths: [join(folder, 'a.png')],
      skipped: [join(folder, 'caf\\xE9.png: its name is not UTF-8; rename it')],
    });
  });

  it('names pictures of formats that it does not read', async () => {
    const dataset = await opened(await folderOf({ '1.png': 1, '2.HEIC': 'x', 'notes.txt': 'x' }));
    expect(dataset.length).toBe(1);
    expect(dataset.skipped).toEqual([
      expect.stringMatching(/^2\.HEIC: pictures of this format are not read \(\.avif, \.bmp/),
    ]);
  });

  it('takes folders train, val and test for splits', async () => {
    const files = {
      'd/train/cat/1.png': 1,
      'd/train/dog/2.png': 2,
      'd/test/cat/3.png': 3,
      'd/Validation/dog/4.png': 4,
    };
    const folder = await folderOf(files);
    const all = await opened(folder);
    expect(all.name).toMatch(/^4 pictures of .* \(val and test and train\)$/);
    expect(all.assumed).toEqual([
      expect.objectContaining({ about: 'split', taken: 'val and test and train', options: ['split'] }),
      expect.objectContaining({ about: 'classes', options: ['classes'] }),
    ]);
    expect(classNames(all)).toEqual(['dog', 'cat', 'cat', 'dog']);
    const train = await opened(folder, { split: 'train' });
    expect([await levels(train), classNames(train)]).toEqual([
      [1, 2],
      ['cat', 'dog'],
    ]);
    expect(await levels(await opened(folder, { split: 'val' }))).toEqual([4]);
    const two = await folderOf({ 'train/1.png': 1, 'test/2.png': 2 });
    expect((await opened(two)).labels).toBeUndefined();
    await expect(opened(two, { split: 'val' })).rejects.toThrow(
      /^split: expected test or train, which the data has; got val$/,
    );
  });

  it('reads the labels of a dataset.json', async () => {
    const pictures = { '00000/a.png': 1, '00000/b.png': 2, '00001/c.png': 3 };
    const labelled = (labels: unknown) => folderOf({ ...pictures, 'dataset.json': JSON.stringify({ labels }) });
    const labels = [
      ['00001/c.png', 4],
      ['00000/a.png', 7],
      ['00000/b.png', 4],
    ];
    expect(classNames(await opened(await labelled(labels)))).toEqual(['7', '4', '4']);
    expect((await opened(await labelled(null))).labels).toBeUndefined();
    await expect(opened(await labelled(labels.slice(1)))).rejects.toThrow(
      /dataset\.json: expected the number of a class for 00001\/c\.png; got none$/,
    );
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
      /expected CUB-200-2011 .*, or pictures \(\.avif, .*\.webp\), .*; got 1 other file$/,
    );
    await expect(opened(join(folder, 'readme.txt'))).rejects.toThrow(/readme\.txt: expected .*; got 1 other file$/);
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
      /^split: expected data with parts that are named train, val or test; got test$/,
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
