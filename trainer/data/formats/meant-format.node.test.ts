/** @file Folders with pictures in several formats: which is meant, what is told, and what is refused. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { npyBytes, npyHeader } from '../../../inference/numeric/npy.js';
import { encodePng } from '../../../inference/pictures/pictures.node.js';
import { zipOf } from '../archive.test.helper.js';
import { flat, folderOf, levels } from '../data.test.helper.js';
import { openDataset } from './table.node.js';

const opened = (path: string) => openDataset(path, { imageSize: 8 });
/** Grey pictures of level 7. */
const array = (count: number) => Buffer.concat([npyHeader('|u1', [count, 5, 5]), Buffer.alloc(25 * count, 7)]);
const archive = async (count: number) => {
  const data = await encodePng(flat(7));
  return zipOf(Array.from({ length: count }, (_, at) => ({ name: `${at}.png`, data })));
};

describe('openDataset(several formats)', () => {
  it.each([
    ['an array', async () => ({ 'x.npy': array(10) }), '10 pictures (NumPy arrays, such as x.npy)'],
    [
      'an archive',
      async () => ({ 'x.zip': await archive(10) }),
      '10 pictures (pictures in .zip files, such as x/0.png)',
    ],
  ])('takes the pictures of %s beside a preview, and says so', async (_, files, shown) => {
    const dataset = await opened(await folderOf({ 'a.png': 1, ...(await files()) }));
    expect(await levels(dataset)).toEqual(Array.from({ length: 10 }, () => 7));
    expect(dataset.assumed?.at(-1)).toEqual({
      about: 'passed over',
      taken: '1 picture (pictures, such as a.png)',
      because: `beside ${shown}, which are used`,
      options: ['data'],
    });
  });

  it('takes the pictures beside arrays of other numbers, and archives that cannot be read', async () => {
    const files = { 'a.png': 1, 'statistics.npy': npyBytes(new Float32Array(4), [4]), 'b.zip': Buffer.from('PK?') };
    const dataset = await opened(await folderOf(files));
    expect(await levels(dataset)).toEqual([1]);
    expect(dataset.assumed?.at(-1)?.taken).toBe('0 pictures (NumPy arrays, such as statistics.npy)');
    expect(dataset.skipped).toEqual([expect.stringMatching(/b\.zip: expected a sound zip archive/)]);
  });

  it('refuses two that could be meant', async () => {
    const folder = await folderOf({ 'a.png': 1, 'x.npy': array(9) });
    await expect(opened(folder)).rejects.toThrow(
      `${folder}: expected one kind of data (name the folder or file of one, or move the other away); ` +
        'got 9 pictures (NumPy arrays, such as x.npy) and 1 picture (pictures, such as a.png)',
    );
    expect(await levels(await opened(join(folder, 'a.png')))).toEqual([1]);
  });

  it('follows a link that is named itself', async () => {
    const [folder, other] = [await folderOf({ 'x.npy': array(2) }), await folderOf({})];
    await symlink(join(folder, 'x.npy'), join(other, 'x.npy'));
    expect(await levels(await opened(join(other, 'x.npy')))).toEqual([7, 7]);
  });
});
