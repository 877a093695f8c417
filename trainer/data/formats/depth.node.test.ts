/** @file Pictures of 16 bits: what is assumed of their white. */
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { folderOf } from '../data.test.helper.js';
import { openDataset } from './table.node.js';

/** What is assumed of a set of a picture of 8 bits and some of 16, whose largest numbers these are; 0 is a black one. */
async function assumedOf(...largest: number[]) {
  const folder = await folderOf({ 'plain.png': 1 });
  for (const [at, most] of largest.entries())
    await sharp(
      Uint16Array.of(10, most, 3, 7).map((value) => Math.min(value, most)),
      { raw: { width: 2, height: 2, channels: 1 } },
    )
      .toColourspace('grey16')
      .png()
      .toFile(join(folder, `${at}.png`));
  const { assumed = [] } = await openDataset(folder, { imageSize: 8 });
  return assumed.find(({ about }) => about === 'more than 8 bits')?.taken;
}

it('says where white is, and where it differs', async () => {
  expect(await assumedOf(4000, 2000)).toBe('white is 4095');
  expect(await assumedOf(4000, 1000, 3000)).toMatch(/^white is 1023 in 1, 4095 in 2 of 3 pictures, so equal numbers/);
  expect(await assumedOf(4000, 0)).toBe('white is 4095');
  expect(await assumedOf()).toBeUndefined();
});
