import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { npyBytes } from '../numeric/npy.js';
import { assumedOfRasters } from './assumed.js';
import { decodeRaster } from './raster-files.node.js';

describe('decodeRaster(path, channels)', () => {
  let folder = '';
  const levels = Uint8Array.from({ length: 5 * 2 * 3 }, (_, at) => 8 * at);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rasters-'));
    const raw = { width: 3, height: 10, channels: 1, pageHeight: 2 } as const;
    const tiff = { compression: 'none' } as const;
    await sharp(levels, { raw }).toColourspace('b-w').tiff(tiff).toFile(join(folder, 'pages.tif'));
    await writeFile(
      join(folder, 'array.npy'),
      npyBytes(
        Float32Array.from(levels, (level) => level / 255),
        [5, 2, 3],
      ),
    );
  });

  test('pages of a TIFF file are channels, as those of an array', async () => {
    const pages = await decodeRaster(join(folder, 'pages.tif'), 5);
    expect(pages).toMatchObject({ width: 3, height: 2, channels: 5 });
    expect(pages).toEqual(await decodeRaster(join(folder, 'array.npy'), 5));
  });

  test('refuses pages that together are too large, before it reads them', async () => {
    const raw = { width: 8000, height: 40_000, channels: 1, pageHeight: 8000 } as const;
    const file = join(folder, 'large.tif');
    const image = sharp(new Uint8Array(8000 * 40_000), { raw, limitInputPixels: false });
    await image.toColourspace('b-w').tiff({ compression: 'deflate', predictor: 'none' }).toFile(file);
    await expect(decodeRaster(file, 5)).rejects.toThrow(
      /large\.tif: expected at most 300000000 numbers; got 320000000/,
    );
  });

  test('is undefined for another number of pages, and for other files', async () => {
    expect(await decodeRaster(join(folder, 'pages.tif'), 4)).toBeUndefined();
    expect(await decodeRaster(join(folder, 'pages.tif'), 1)).toBeUndefined();
    expect(await decodeRaster('picture.png', 3)).toBeUndefined();
  });
});

test('assumedOfRasters says which channels are shown', () => {
  const input = { width: 1, height: 1, channels: 4, normalization: { mean: [0], std: [1] }, resize: 'crop' } as const;
  expect(assumedOfRasters(['a.png'], input)).toEqual([]);
  const [line] = assumedOfRasters(['a.png', 'b.npy'], input);
  expect(line?.taken).toContain('4 grey pages');
  expect(line?.taken).toContain('channels 1, 2, 3 as red, green, blue');
});
