import { createCanvas, loadImage } from 'canvas';
import { describe, expect, test } from 'vitest';
import type { Picture } from '../../inference/pictures/pictures.js';
import { contactSheetPng } from './contact-sheet.node.js';
import type { FigureRow } from './figure.node.js';
import { heatmapPicture } from './overlay.js';

const [CELL, GAP, MARGIN] = [100, 10, 24];
const plain = (grey: number): Picture => ({ width: 20, height: 10, channels: 1, data: new Uint8Array(200).fill(grey) });

/** A row whose overlays are plain pictures of these greys. */
function rowOf(greys: readonly number[], note?: string): FigureRow {
  const heatmap = heatmapPicture(Float32Array.of(0, 1), 1, 2);
  const maps = greys.map((grey, i) => ({
    method: `method ${i}`,
    heatmap,
    overlay: plain(grey),
    ...(note !== undefined && i === 0 && { note }),
  }));
  return { picture: plain(250), label: ['bird.jpg', 'fake'], maps };
}

async function decoded(png: Uint8Array) {
  const image = await loadImage(png);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  return { width: image.width, height: image.height, at: (x: number, y: number) => data[4 * (y * image.width + x)] };
}

const options = { cell: CELL, scale: 1 };
/** Middle of cell `index` of the first block, whose lines of six are 50 + 20 + 10 high. */
const middle = (index: number): [number, number] => [
  MARGIN + (index % 6) * (CELL + GAP) + CELL / 2,
  MARGIN + 16 + 6 + Math.floor(index / 6) * (CELL / 2 + 20 + GAP) + CELL / 4,
];

describe('contactSheetPng(rows, options)', () => {
  test('shows the picture and then every overlay in order, six to a line', async () => {
    const { at, width } = await decoded(contactSheetPng([rowOf([10, 40, 70, 100, 130, 160, 190])], options));
    expect(width).toBe(2 * MARGIN + 6 * (CELL + GAP) - GAP);
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((index) => at(...middle(index)))).toEqual([
      250, 10, 40, 70, 100, 130, 160, 190,
    ]);
  });

  test('takes rows of different methods', async () => {
    const one = await decoded(contactSheetPng([rowOf([10, 40])], options));
    const two = await decoded(contactSheetPng([rowOf([10, 40]), rowOf([70])], options));
    expect(two.width).toBe(one.width);
    expect(two.height).toBe(one.height + 16 + 6 + CELL / 2 + 20 + GAP + 2 * GAP);
  });

  test('says why a map is empty in place of it', async () => {
    const { at } = await decoded(contactSheetPng([rowOf([10, 40], 'Zero gradient.')], options));
    expect(at(...middle(2))).toBe(40);
    const [x, y] = middle(1);
    const note = Array.from({ length: 90 * 40 }, (_, i) => at(x - 45 + (i % 90), y - 20 + Math.floor(i / 90)));
    expect(note.filter((level = 0) => level > 230).length).toBeGreaterThan(20);
    expect(note.some((level = 255) => level < 150)).toBe(true);
  });

  test('refuses rows without maps', () => {
    expect(() => contactSheetPng([])).toThrow('contact sheet: expected at least one row with one map; got none');
  });
});
