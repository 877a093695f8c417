/** @file Folders of pictures: classes, and splits above the classes or in each of them. */
import { describe, expect, it } from 'vitest';
import { classNames, folderOf, levels } from '../data.test.helper.js';
import { openDataset } from './table.node.js';

const opened = (folder: string, options = {}) => openDataset(folder, { imageSize: 8, ...options });

describe('folders train, val and test', () => {
  it.each([
    ['above the classes', (split: string, name: string) => `data/${split}/${name}`],
    ['in each class', (split: string, name: string) => `data/${name}/${split}`],
  ])('are splits %s', async (_, place) => {
    const folder = await folderOf({
      [`${place('train', 'cat')}/1.png`]: 1,
      [`${place('train', 'dog')}/2.png`]: 2,
      [`${place('Valid', 'cat')}/3.png`]: 3,
      [`${place('Valid', 'dog')}/deep/4.png`]: 4,
    });
    const all = await opened(folder);
    expect([...(all.splits ?? [])].sort()).toEqual(['train', 'val']);
    const named = (set: typeof all) =>
      levels(set).then((values) => values.map((level, i) => [level, classNames(set)[i]]));
    expect((await named(all)).sort()).toEqual([
      [1, 'cat'],
      [2, 'dog'],
      [3, 'cat'],
      [4, 'dog'],
    ]);
    expect((await named(await opened(folder, { split: 'val' }))).sort()).toEqual([
      [3, 'cat'],
      [4, 'dog'],
    ]);
    await expect(opened(folder, { split: 'test' })).rejects.toThrow(
      /^split: expected (train or val|val or train), which the data has; got test$/,
    );
  });

  it('are a split also where there is only one, below which no several are', async () => {
    const folder = await folderOf({ 'data/train/cat/1.png': 1, 'data/train/dog/2.png': 2 });
    const train = await opened(folder, { split: 'train' });
    expect([await levels(train), classNames(train), train.splits]).toEqual([[1, 2], ['cat', 'dog'], ['train']]);
    await expect(opened(folder, { split: 'val' })).rejects.toThrow(
      'split: expected train, which the data has; got val',
    );
    const inner = await opened(await folderOf({ 'test/train/1.png': 1, 'test/val/2.png': 2 }), { split: 'val' });
    expect(await levels(inner)).toEqual([2]);
  });

  it('are classes where other folders stand beside them', async () => {
    const folder = await folderOf({ 'cat/train/1.png': 1, 'cat/others/2.png': 2, 'dog/val/3.png': 3 });
    const all = await opened(folder);
    expect(all.splits).toBeUndefined();
    expect(classNames(all).sort()).toEqual(['cat', 'cat', 'dog']);
    await expect(opened(folder, { split: 'train' })).rejects.toThrow(
      /^split: expected data with parts that are named train, val or test; got train$/,
    );
  });
});
