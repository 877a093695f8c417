import { describe, expect, it } from 'vitest';
import { decodePicture } from '../pictures/pictures.node.js';
import type { Picture } from '../pictures/pictures.js';
import { sheetPng } from './sheet.node.js';

const plain = (red: number): Picture => ({
  width: 64,
  height: 32,
  channels: 3,
  data: Uint8Array.from({ length: 64 * 32 * 3 }, (_, i) => (i % 3 === 0 ? red : 0)),
});

describe('sheetPng(sheet)', () => {
  it('enlarges small pictures by whole factors and puts captions under them', async () => {
    const cells = [{ picture: plain(200), caption: '7' }, { sign: '+' }, { picture: plain(100), caption: '8' }];
    const sheet = await decodePicture(sheetPng({ cells, columns: 2 }));
    // Two columns of 128×64 with 8 between, 16 around, 20 for captions.
    expect([sheet.width, sheet.height]).toEqual([296, 32 + 2 * 84 + 8]);
    const pixel = (x: number, y: number) => [
      ...sheet.data.subarray(3 * (y * sheet.width + x), 3 * (y * sheet.width + x) + 3),
    ];
    expect(pixel(16, 16)).toEqual([200, 0, 0]);
    expect(pixel(16 + 127, 16 + 63)).toEqual([200, 0, 0]);
    expect(pixel(16 + 128, 16)).toEqual([255, 255, 255]);
    expect(pixel(16, 16 + 92)).toEqual([100, 0, 0]);
    const ink = (left: number, top: number, width: number, height: number) =>
      Array.from(
        { length: width * height },
        (_, i) => pixel(left + (i % width), top + Math.floor(i / width))[0] ?? 0,
      ).some((grey) => grey < 128);
    expect([ink(60, 82, 40, 16), ink(200, 20, 40, 60)]).toEqual([true, true]);
  });

  it('refuses what no picture can hold', () => {
    expect(() => sheetPng({ cells: [{ sign: '+' }], columns: 1 })).toThrow(/^sheet: expected at least one picture/);
    const cells = Array.from({ length: 200 }, () => ({ picture: plain(1) }));
    expect(() => sheetPng({ cells, columns: 200 })).toThrow(/^sheet: expected at most 16384 pixels a side/);
  });
});
