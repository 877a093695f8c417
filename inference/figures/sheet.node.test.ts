import { describe, expect, it } from 'vitest';
import { decodePicture } from '../pictures/pictures.node.js';
import type { Picture } from '../pictures/pictures.js';
import { sheetPng } from './sheet.node.js';
import { MARGIN } from './theme.js';

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
    // Two columns of 128×64 with 8 between, 20 for captions.
    expect([sheet.width, sheet.height]).toEqual([2 * MARGIN + 264, 2 * MARGIN + 2 * 84 + 8]);
    const pixel = (x: number, y: number) => [
      ...sheet.data.subarray(3 * (y * sheet.width + x), 3 * (y * sheet.width + x) + 3),
    ];
    expect(pixel(MARGIN, MARGIN)).toEqual([200, 0, 0]);
    expect(pixel(MARGIN + 127, MARGIN + 63)).toEqual([200, 0, 0]);
    expect(pixel(MARGIN + 128, MARGIN)).toEqual([255, 255, 255]);
    expect(pixel(MARGIN, MARGIN + 92)).toEqual([100, 0, 0]);
    const ink = (left: number, top: number, width: number, height: number) =>
      Array.from(
        { length: width * height },
        (_, i) => pixel(left + (i % width), top + Math.floor(i / width))[0] ?? 0,
      ).some((grey) => grey < 128);
    expect([ink(MARGIN + 44, MARGIN + 66, 40, 16), ink(MARGIN + 184, MARGIN + 4, 40, 60)]).toEqual([true, true]);
  });

  it('refuses what no picture can hold', () => {
    expect(() => sheetPng({ cells: [{ sign: '+' }], columns: 1 })).toThrow(/^sheet: expected at least one picture/);
    const cells = Array.from({ length: 200 }, () => ({ picture: plain(1) }));
    expect(() => sheetPng({ cells, columns: 200 })).toThrow(/^figure: expected at most 16384 pixels a side/);
  });
});
