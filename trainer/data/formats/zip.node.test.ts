/** @file Data sets in zip archives, and archives that are not to be trusted. */
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../../inference/pictures/pictures.node.js';
import { InputError } from '../../../onnx/errors.js';
import { zipOf, type ArchiveFile } from '../archive.test.helper.js';
import { base, classNames, flat, idxFile, levels } from '../data.test.helper.js';
import { openDataset } from './table.node.js';
import { zipTree } from './zip.node.js';

let count = 0;
async function archive(files: readonly ArchiveFile[]): Promise<string> {
  const path = join(base, `${count++}.zip`);
  await writeFile(path, zipOf(files));
  return path;
}
const png = async (name: string, level: number): Promise<ArchiveFile> => ({
  name,
  data: await encodePng(flat(level)),
});
const text = (name: string, content: string): ArchiveFile => ({ name, data: Buffer.from(content) });
const opened = async (files: readonly ArchiveFile[], options = {}) =>
  openDataset(await archive(files), { imageSize: 8, ...options });

describe('openDataset(zip archive)', () => {
  it('reads picture files, stored or deflated, with class folders', async () => {
    const files = [
      text('birds/', ''),
      await png('birds/wren/2.png', 2),
      { ...(await png('birds/auk/1.png', 1)), store: true },
      await png('__MACOSX/birds/auk/1.png', 9),
      await png('birds/auk/._1.png', 9),
      text('birds/readme.txt', 'x'),
    ];
    const dataset = await opened(files);
    expect(await levels(dataset)).toEqual([1, 2]);
    expect(classNames(dataset)).toEqual(['auk', 'wren']);
    expect(dataset.name).toMatch(/^2 pictures of .*\.zip$/);
  });

  it('reads IDX files', async () => {
    const images = { name: 'raw/train-images-idx3-ubyte.gz', data: gzipSync(idxFile([2, 1, 1], [5, 6])) };
    const dataset = await opened([images, { name: 'raw/train-labels-idx1-ubyte', data: idxFile([2], [1, 0]) }]);
    expect(await levels(dataset)).toEqual([5, 6]);
    expect(classNames(dataset)).toEqual(['1', '0']);
  });

  it('reads CUB-200-2011', async () => {
    const dataset = await opened(
      [
        text('CUB/images.txt', '1 001.Auk/a.png\n2 002.Wren/b.png\n'),
        text('CUB/classes.txt', '1 001.Auk\n2 002.Wren\n'),
        text('CUB/image_class_labels.txt', '1 1\n2 2\n'),
        text('CUB/train_test_split.txt', '1 0\n2 1\n'),
        await png('CUB/images/001.Auk/a.png', 1),
        await png('CUB/images/002.Wren/b.png', 2),
      ],
      { split: 'test' },
    );
    expect(await levels(dataset)).toEqual([1]);
    expect(classNames(dataset)).toEqual(['001.Auk']);
  });

  it('is judged by its pictures alone', async () => {
    const odd: ArchiveFile[] = [
      text('../readme.txt', 'x'),
      text('notes.txt', 'x'),
      text('notes.txt', 'y'),
      { ...text('packed.doc', 'x'), stated: { method: 12 } },
      { ...text('secret.doc', 'x'), stated: { flags: 1 } },
      text('other.heic', 'x'),
    ];
    const dataset = await opened([await png('/set/a.png', 1), await png('c:\\set\\b.png', 2), ...odd]);
    expect(await levels(dataset)).toEqual([1, 2]);
    expect(dataset.skipped).toEqual([expect.stringMatching(/^other\.heic: pictures of this format are not read/)]);
  });

  it('skips links', async () => {
    const link = { ...(await png('b.png', 2)), stated: { attributes: (0o120_777 << 16) >>> 0 } };
    const dataset = await opened([await png('a.png', 1), link]);
    expect(await levels(dataset)).toEqual([1]);
    expect(dataset.skipped).toEqual(['b.png: a link is not followed']);
  });

  it('refuses a picture whose bytes are not those that were packed', async () => {
    const dataset = await opened([{ ...(await png('a.png', 1)), stated: { crc: 7 } }]);
    await expect(dataset.picture(0)).rejects.toThrow(InputError);
    await expect(dataset.picture(0)).rejects.toThrow(/\.zip: a\.png: its checksum is wrong$/);
  });
});

describe('zipTree(archive)', () => {
  const data = new Uint8Array(100_000);
  it.each<[ArchiveFile[], RegExp]>([
    [[{ name: '../a.png', data }], /\.zip: \.\.\/a\.png: the name leads out of the archive$/],
    [[{ name: 'a/../../b.png', data }], /the name leads out of the archive/],
    [
      [{ name: 'a.png', data, stated: { flags: 1 } }],
      /a\.png: the file is encrypted; make an archive without a password$/,
    ],
    [[{ name: 'a.png', data, stated: { method: 14 } }], /a\.png: expected no compression or deflate; got method 14$/],
    [[{ name: 'a.png', data, stated: { size: 2 ** 31 } }], /a\.png: \d+ bytes cannot hold the stated 2147483648$/],
    [
      [
        { name: 'a.png', data },
        { name: 'a.png', data },
      ],
      /a\.png: there are two files of this name$/,
    ],
  ])('refuses %#', async (files, message) => {
    const path = await archive(files);
    await expect(zipTree(path)).rejects.toThrow(InputError);
    await expect(zipTree(path)).rejects.toThrow(message);
  });

  it('refuses files that overlap: a small archive that would unpack to a huge one', async () => {
    const first: ArchiveFile = { name: '0.png', data: Buffer.alloc(5000, 'noise'), store: true };
    const ghosts = Array.from({ length: 100 }, (_, i) => ({
      ...first,
      name: `${i + 1}.png`,
      ghost: true,
      stated: { offset: 0 },
    }));
    await expect(zipTree(await archive([first, ...ghosts]))).rejects.toThrow(InputError);
    await expect(zipTree(await archive([first, ...ghosts]))).rejects.toThrow(
      /png: the files are larger than the archive: they overlap$/,
    );
  });

  it('reads no more than a file states and the caller allows', async () => {
    const path = await archive([
      { name: 'long.bin', data, stated: { size: 50_000 } },
      { name: 'fine.bin', data },
    ]);
    const tree = await zipTree(path);
    await expect(tree.read('long.bin', 2 ** 20)).rejects.toThrow(
      /long\.bin: expected a sound zip archive; got an error/,
    );
    await expect(tree.read('fine.bin', 99_999)).rejects.toThrow(/fine\.bin: expected at most 99999 bytes; got 100000$/);
    expect(await tree.read('fine.bin', 100_000)).toHaveLength(100_000);
    await expect(tree.read('none.bin', 1)).rejects.toThrow(/none\.bin: there is no such file$/);
  });

  it('refuses half an archive', async () => {
    const path = join(base, 'half.zip');
    await writeFile(path, zipOf([{ name: 'a.png', data }]).subarray(0, 60));
    await expect(openDataset(path, { imageSize: 8 })).rejects.toThrow(
      /half\.zip: expected a sound zip archive; got an error/,
    );
  });
});
