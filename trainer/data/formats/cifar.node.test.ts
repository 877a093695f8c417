/** @file CIFAR's binary files: pictures, classes, splits, and what is refused. */
import { describe, expect, it } from 'vitest';
import { classNames, folderOf, levels } from '../data.test.helper.js';
import { openDataset } from './table.node.js';

/** Flat pictures behind these labels. */
const records = (...pictures: { labels: number[]; level: number }[]) =>
  Buffer.concat(pictures.flatMap(({ labels, level }) => [Buffer.from(labels), Buffer.alloc(3072, level)]));
const opened = (folder: string, options = {}) => openDataset(folder, { imageSize: 8, ...options });
const ten = {
  'cifar/data_batch_1.bin': records({ labels: [2], level: 10 }, { labels: [0], level: 11 }),
  'cifar/data_batch_2.bin': records({ labels: [1], level: 12 }),
  'cifar/test_batch.bin': records({ labels: [2], level: 20 }),
  'cifar/batches.meta.txt': 'airplane\nautomobile\nbird\n\n',
  'cifar/readme.html': 'x',
};

describe('openDataset(CIFAR)', () => {
  it('has the pictures of both splits, with the names of their classes', async () => {
    const folder = await folderOf(ten);
    const dataset = await opened(folder);
    expect(dataset.name).toBe(`4 pictures of ${folder} (train and test)`);
    expect(await levels(dataset)).toEqual([10, 11, 12, 20]);
    expect(classNames(dataset)).toEqual(['bird', 'airplane', 'automobile', 'bird']);
    const test = await opened(folder, { split: 'test' });
    expect([await levels(test), classNames(test)]).toEqual([[20], ['bird']]);
    expect(test.labels?.classes).toEqual(['bird']);
    expect(test.assumed?.find(({ about }) => about === 'classes')).toMatchObject({
      taken: '1: bird',
      because: 'batches.meta.txt; default: all; 2 without a picture left out',
    });
    await expect(opened(folder, { split: 'val' })).rejects.toThrow(
      'split: expected train or test, which the data has; got val',
    );
  });

  it('has the fine classes of CIFAR-100, and pixels instead of planes', async () => {
    const planes = Buffer.concat([
      Buffer.from([1, 0]),
      Buffer.alloc(1024, 5),
      Buffer.alloc(1024, 6),
      Buffer.alloc(1024, 7),
    ]);
    const files = { 'train.bin': planes, 'fine_label_names.txt': 'apple\nbear', 'coarse_label_names.txt': 'a\nb' };
    const dataset = await opened(await folderOf(files));
    expect(classNames(dataset)).toEqual(['apple']);
    const { width, height, channels, data } = await dataset.picture(0);
    expect([width, height, channels, ...data.subarray(0, 4), data.at(-1)]).toEqual([32, 32, 3, 5, 6, 7, 5, 7]);
  });

  it('refuses files of another size, and classes without a name', async () => {
    const cut = await folderOf({ ...ten, 'cifar/data_batch_2.bin': Buffer.alloc(3000) });
    await expect(opened(cut)).rejects.toThrow('data_batch_2.bin: expected a multiple of 3073 bytes; got 3000');
    const odd = await folderOf({ ...ten, 'cifar/test_batch.bin': records({ labels: [9], level: 1 }) });
    await expect(opened(odd)).rejects.toThrow('expected labels of 0…2, as batches.meta.txt names; got 9');
  });
});
