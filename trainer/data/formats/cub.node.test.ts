/** @file CUB-200-2011: splits, classes, boxes, and lists that do not fit. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../../inference/pictures/pictures.node.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { InputError } from '../../../onnx/errors.js';
import { croppedPicture } from '../sets/geometry.js';
import { classNames, folderOf, levels, sharedData } from '../data.test.helper.js';
import { openDataset } from './table.node.js';

/** A picture whose pixel (x, y) is (x, y, 0). */
function coordinates(width: number, height: number): Picture {
  const data = Array.from({ length: width * height }, (_, i) => [i % width, Math.floor(i / width), 0]).flat();
  return { width, height, channels: 3, data: Uint8Array.from(data) };
}
const lists = {
  'images.txt': '1 001.Auk/a.png\n2 001.Auk/b.png\n3 002.Snow_Bunting/c.png\n4 002.Snow_Bunting/d.png\n',
  'classes.txt': '1 001.Auk\n2 002.Snow_Bunting\n',
  'image_class_labels.txt': '1 1\n2 1\n3 2\n4 2\n',
  'train_test_split.txt': '1 1\n2 0\n3 1\n4 0\n',
};
const pictures = {
  'images/001.Auk/a.png': 1,
  'images/001.Auk/b.png': 2,
  'images/002.Snow_Bunting/c.png': 3,
  'images/002.Snow_Bunting/d.png': 4,
};
const opened = (folder: string, options = {}) => openDataset(folder, { imageSize: 8, ...options });

describe('openDataset(CUB-200-2011)', () => {
  it('has the listed pictures with their classes, all or of a split', async () => {
    const folder = await folderOf({ ...lists, ...pictures, 'images/more.png': 9 });
    const dataset = await opened(folder);
    expect(dataset.name).toBe(`4 pictures of ${folder} (CUB-200-2011)`);
    expect(await levels(dataset)).toEqual([1, 2, 3, 4]);
    expect(classNames(dataset)).toEqual(['001.Auk', '001.Auk', '002.Snow_Bunting', '002.Snow_Bunting']);
    const train = await opened(folder, { split: 'train' });
    expect(train.name).toBe(`2 pictures of ${folder} (CUB-200-2011, train)`);
    expect(await levels(train)).toEqual([1, 3]);
    expect(await levels(await opened(folder, { split: 'test', classes: ['2'] }))).toEqual([4]);
    expect(await levels(await opened(folder, { classes: ['snow_bunting'] }))).toEqual([3, 4]);
  });

  it('skips listed pictures that are missing, and says so', async () => {
    const folder = await folderOf({ ...lists, 'images/001.Auk/b.png': 2 });
    const dataset = await opened(folder);
    expect(await levels(dataset)).toEqual([2]);
    expect(dataset.skipped[0]).toBe('images/001.Auk/a.png: listed in images.txt but missing');
    expect(dataset.skipped).toHaveLength(3);
  });

  it('crops to the square around the box', async () => {
    const file = await encodePng(coordinates(40, 30));
    const boxes = '1 10.0 8.0 6.0 4.0\n2 30.0 20.0 12.0 12.0\n3 90 90 5 5\n4 x 1 2 3\n';
    const folder = await folderOf({
      ...lists,
      'bounding_boxes.txt': boxes,
      ...Object.fromEntries(Object.keys(pictures).map((path) => [path, file])),
    });
    const dataset = await opened(folder, { cropToBox: true });
    const first = await dataset.picture(0);
    expect([first.width, first.height, ...first.data.subarray(0, 2)]).toEqual([6, 6, 10, 7]);
    const second = await dataset.picture(1);
    expect([second.width, second.height, ...second.data.subarray(0, 2)]).toEqual([12, 12, 28, 18]);
    await expect(dataset.picture(2)).rejects.toThrow(
      /^images\/002\.Snow_Bunting\/c\.png: expected a box within 40×30; got/,
    );
    await expect(dataset.picture(3)).rejects.toThrow(
      /d\.png: expected x, y, width and height in bounding_boxes\.txt; got x/,
    );
    expect((await (await opened(folder)).picture(0)).width).toBe(40);
  });

  it.each<[Record<string, string>, object, RegExp]>([
    [
      { 'images.txt': '1 a.png\n1 b.png\n' },
      {},
      /images\.txt, line 2: expected a new number and a value; got "1 b\.png"$/,
    ],
    [{ 'images.txt': 'a.png\n' }, {}, /images\.txt, line 1: expected a new number and a value; got "a\.png"$/],
    [{ 'images.txt': '1 ../../../etc/passwd\n' }, {}, /expected the 1 pictures of images\.txt; got none of them$/],
    [{ 'image_class_labels.txt': '1 1\n2 1\n3 9\n' }, {}, /c\.png: expected a class of classes\.txt; it has none$/],
    [{ 'train_test_split.txt': '1 1\n2 0\n3 yes\n' }, { split: 'test' }, /expected 0 or 1 for picture 3; got yes$/],
    [{ 'train_test_split.txt': '1 1\n2 0\n' }, { split: 'test' }, /expected 0 or 1 for picture 3; got nothing$/],
    [{}, { cropToBox: true }, /expected bounding_boxes\.txt; there is no such file$/],
  ])('refuses what does not fit (%#)', async (changed, options, message) => {
    const folder = await folderOf({ ...lists, ...pictures, ...changed });
    await expect(opened(folder, options)).rejects.toThrow(InputError);
    await expect(opened(folder, options)).rejects.toThrow(message);
  });

  it('refuses --crop-to-box for other data', async () => {
    const folder = await folderOf({ 'a.png': 1 });
    await expect(opened(folder, { cropToBox: true })).rejects.toThrow(
      /^cropToBox: expected data that has it \(CUB-200-2011\); got pictures$/,
    );
  });

  const cub = join(sharedData, 'CUB_200_2011');
  it.skipIf(!existsSync(cub))('reads the birds beside the repository (skipped without them)', async () => {
    const dataset = await opened(cub);
    expect(dataset.length).toBe(2903);
    expect(dataset.skipped).toEqual([]);
    expect(new Set(dataset.labels?.indices).size).toBe(dataset.labels?.classes.length);
    const parts = [await opened(cub, { split: 'train' }), await opened(cub, { split: 'test' })];
    expect(parts.reduce((sum, part) => sum + part.length, 0)).toBe(2903);
    const grebes = await opened(cub, { classes: ['Eared_Grebe', '24'] });
    expect(grebes.labels?.classes).toEqual(['023.Eared_Grebe', '024.Horned_Grebe']);
    expect((await grebes.picture(0)).channels).toBe(3);
  });
});

describe('croppedPicture(picture, box)', () => {
  it('moves the square into the picture, and is no larger than it', () => {
    const picture = coordinates(20, 10);
    const corner = croppedPicture(picture, { x: -2, y: -2, width: 6, height: 4 }, 'a');
    expect([corner.width, corner.height, ...corner.data.subarray(0, 2)]).toEqual([6, 6, 0, 0]);
    const wide = croppedPicture(picture, { x: 2, y: 3, width: 16, height: 2 }, 'a');
    expect([wide.width, wide.height, ...wide.data.subarray(0, 2)]).toEqual([16, 10, 2, 0]);
    const end = croppedPicture(picture, { x: 18.4, y: 8.4, width: 1, height: 1 }, 'a');
    expect([end.width, end.height, ...end.data]).toEqual([1, 1, 18, 8, 0]);
  });
});
