/** @file Tables of pictures as Hugging Face's datasets library writes them (`fixtures/golden/make_parquet.py`). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenPath } from '../../../../fixtures/golden.js';
import { zipOf } from '../../archive.test.helper.js';
import { classNames, folderOf } from '../../data.test.helper.js';
import { openDataset } from '../table.node.js';

const table = await readFile(goldenPath('huggingface.parquet'));
const told = JSON.parse(await readFile(goldenPath('huggingface.json'), 'utf8')) as {
  pictures: number[][];
  labels: number[];
};
const names = ['auk', 'jay', 'owl'];
const classes = told.labels.map((label) => names[label]);
const opened = (path: string, options = {}) => openDataset(path, { imageSize: 8, ...options });

describe('openDataset(Parquet)', () => {
  it('has the pictures and the named classes of a file', async () => {
    const dataset = await opened(goldenPath('huggingface.parquet'));
    expect([dataset.length, dataset.labels?.classes, classNames(dataset)]).toEqual([6, names, classes]);
    // Out of order, from several groups of rows at once.
    const order = [5, 0, 3, 1, 4, 2];
    const pictures = await Promise.all(order.map((index) => dataset.picture(index)));
    expect(pictures).toEqual(
      order.map((index) => ({ width: 5, height: 4, channels: 3, data: Uint8Array.from(told.pictures[index] ?? []) })),
    );
    await expect(dataset.picture(6)).rejects.toThrow(RangeError);
  });

  it('has the splits that names of files and folders tell, from a folder and from its archive', async () => {
    const files = { 'data/test-00000-of-00001.parquet': table, 'data/train-00000-of-00001-ab12.parquet': table };
    const folder = await folderOf(files);
    const archive = zipOf(Object.entries(files).map(([name, data]) => ({ name, data })));
    const zip = join(await folderOf({ 'birds.zip': archive }), 'birds.zip');
    for (const source of [folder, zip]) {
      const all = await opened(source);
      expect([all.length, all.splits, classNames(all)]).toEqual([12, ['train', 'test'], [...classes, ...classes]]);
      const test = await opened(source, { split: 'test', classes: ['jay'] });
      expect([test.length, test.splits, classNames(test)]).toEqual([2, ['test'], ['jay', 'jay']]);
      expect([...(await test.picture(0)).data]).toEqual(told.pictures[0]);
    }
    await expect(opened(folder, { split: 'val' })).rejects.toThrow(
      'split: expected train or test, which the data has; got val',
    );
  });

  it('refuses more rows than are read, before any is', async () => {
    const length = table.readUInt32LE(table.length - 8);
    const [body, footer] = [table.subarray(0, -8 - length), table.subarray(-8 - length, -8).toString('latin1')];
    // Behind the size of each group its number of rows: 2, here 2^33.
    const large = footer.replaceAll('\x16\x04&', '\x16\x80\x80\x80\x80\x40&');
    expect(large).not.toBe(footer);
    const end = Buffer.alloc(8, 'PAR1');
    end.writeUInt32LE(large.length);
    const folder = await folderOf({ 'a.parquet': Buffer.concat([body, Buffer.from(large, 'latin1'), end]) });
    await expect(opened(folder)).rejects.toThrow(/: expected at most 16777216 rows; got \d{10,}$/);
  });

  it('refuses a damaged file', async () => {
    const cut = await folderOf({ 'a.parquet': table.subarray(0, 3000) });
    await expect(opened(cut)).rejects.toThrow(/^a\.parquet: expected a sound Parquet file; got an error \(/);
    const broken = Buffer.from(table);
    broken.fill(0xff, 8, 400);
    const dataset = await opened(await folderOf({ 'a.parquet': broken }));
    await expect(dataset.picture(0)).rejects.toMatchObject({ name: 'InputError' });
  });
});
