import { createCanvas, loadImage } from 'canvas';
import { describe, expect, test } from 'vitest';
import type { Picture } from '../../inference/pictures/pictures.js';
import { figureDrawing, figurePng, type FigureRow } from './figure.node.js';
import { heatmapPicture, overlaidPicture } from './overlay.js';

const CELL = 200; // wide enough for headings and caption on one line
const GAP = 10;
const FIRST_CELL = 24 + 184 + 16; // margin, labels, gap
const FIRST_ROW = 24 + 16 + 6; // margin, one line of headings, gap
const column = (index: number): number => FIRST_CELL + index * (CELL + GAP);

function plain(width: number, height: number, grey: number): Picture {
  return { width, height, channels: 1, data: new Uint8Array(width * height).fill(grey) };
}

/** A row whose map is 1 in one quarter of the picture and 0 elsewhere, a different quarter per method. */
function rowOf(picture: Picture, methods: Record<string, { right: boolean; low: boolean }>): FigureRow {
  const { width, height } = picture;
  const maps = Object.entries(methods).map(([method, { right, low }]) => {
    const map = Float32Array.from({ length: width * height }, (_, i) =>
      i % width >= width / 2 === right && Math.floor(i / width) >= height / 2 === low ? 1 : 0,
    );
    return { method, heatmap: heatmapPicture(map, height, width), overlay: overlaidPicture(picture, map) };
  });
  return { picture, label: ['bird.jpg', 'conv4', 'fake'], maps };
}

interface Decoded {
  width: number;
  height: number;
  at: (x: number, y: number) => number[];
}

async function decoded(png: Uint8Array): Promise<Decoded> {
  const image = await loadImage(png);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const at = (x: number, y: number): number[] => [...data.subarray(4 * (y * image.width + x)).subarray(0, 3)];
  return { width: image.width, height: image.height, at };
}

const [HOT, COLD] = [
  [128, 0, 0],
  [0, 0, 128],
];
function redder([red = 0, , blue = 0]: number[]): boolean {
  return red > blue;
}

const TWO_METHODS = { 'Grad-CAM': { right: true, low: false }, 'Grad-CAM++': { right: false, low: true } };

describe('figurePng(rows, options)', () => {
  test('shows picture, maps and overlays in columns, neither mirrored nor swapped', async () => {
    const { at } = await decoded(figurePng([rowOf(plain(40, 40, 200), TWO_METHODS)], { cell: CELL, scale: 1 }));
    const quarters = (index: number): number[][] =>
      [50, 150].flatMap((y) => [50, 150].map((x) => at(column(index) + x, FIRST_ROW + y)));
    expect(quarters(0).flat()).toEqual(Array(12).fill(200));
    expect(quarters(1)).toEqual([COLD, HOT, COLD, COLD]);
    expect(quarters(2)).toEqual([COLD, COLD, HOT, COLD]);
    expect(quarters(3).map(redder)).toEqual([false, true, false, false]);
    expect(quarters(4).map(redder)).toEqual([false, false, true, false]);
  });

  test('is as large as its columns, rows and scale ask for', async () => {
    const rows = [rowOf(plain(40, 40, 200), TWO_METHODS), rowOf(plain(100, 80, 200), TWO_METHODS)];
    const one = await decoded(figurePng(rows, { cell: CELL, scale: 1 }));
    expect(one.width).toBe(column(5) - GAP + 24);
    expect(one.height).toBe(FIRST_ROW + (200 + GAP) + (160 + GAP) + GAP + 10 + 6 + 16 + 24);
    const two = await decoded(figurePng(rows, { cell: CELL, scale: 2 }));
    expect([two.width, two.height]).toEqual([2 * one.width, 2 * one.height]);
    const titled = await decoded(figurePng(rows, { cell: CELL, scale: 1, title: 'Birds' }));
    expect(titled.height).toBe(one.height + 22 + GAP);
  });

  test('has as many columns as one method needs', async () => {
    const row = rowOf(plain(40, 40, 200), { 'Grad-CAM': { right: true, low: true } });
    const { width, at } = await decoded(figurePng([row], { cell: CELL, scale: 1 }));
    expect(width).toBe(column(3) - GAP + 24);
    expect(at(column(1) + 150, FIRST_ROW + 150)).toEqual(HOT);
  });

  test('keeps a picture’s aspect, centred in its column', async () => {
    const { at } = await decoded(figurePng([rowOf(plain(20, 40, 7), TWO_METHODS)], { cell: CELL, scale: 1 }));
    const row = [30, 70, 130, 170].map((x) => at(column(0) + x, FIRST_ROW + 100)[0]);
    expect(row).toEqual([255, 7, 7, 255]);
  });

  test.each([
    ['a note', 'All contributions are negative.'],
    ['no note', undefined],
  ])('says so in words instead of a blue square when a map is zero, with %s', async (_, note) => {
    const picture = plain(40, 40, 200);
    const zero = new Float32Array(1600);
    const empty = {
      method: 'Grad-CAM',
      heatmap: heatmapPicture(zero, 40, 40),
      overlay: overlaidPicture(picture, zero),
    };
    const maps = [note === undefined ? empty : { ...empty, note }];
    const { at } = await decoded(figurePng([{ picture, label: [], maps }], { cell: CELL, scale: 1 }));
    for (const index of [1, 2]) {
      const pixels = Array.from({ length: CELL * CELL }, (__, i) =>
        at(column(index) + (i % CELL), FIRST_ROW + Math.floor(i / CELL)),
      );
      expect(pixels.every(([red = 0, green = 0, blue = 0]) => blue - Math.min(red, green) < 8)).toBe(true);
      expect(pixels.some(([red = 255]) => red < 140)).toBe(true);
    }
  });

  test('explains its colours by a bar from 0 to 1 under the maps', async () => {
    const { at } = await decoded(figurePng([rowOf(plain(40, 40, 200), TWO_METHODS)], { cell: CELL, scale: 1 }));
    const y = FIRST_ROW + CELL + 2 * GAP + 5;
    const [left, middle, right] = [column(1) + 1, column(2) - GAP / 2, column(3) - GAP - 2].map((x) => at(x, y));
    expect(left?.[2]).toBeGreaterThan(120);
    expect(left?.slice(0, 2)).toEqual([0, 0]);
    expect(middle?.[1]).toBe(255);
    expect(right?.[0]).toBeLessThan(150);
    expect(right?.slice(1)).toEqual([0, 0]);
  });

  test('never writes a label into the pictures', async () => {
    const picture = plain(40, 40, 255);
    const { maps } = rowOf(picture, TWO_METHODS);
    const label = ['a_very_long_file_name_'.repeat(20), 'W'.repeat(300), 'fake'];
    const { at } = await decoded(figurePng([{ picture, label, maps }], { cell: CELL, scale: 1 }));
    for (let y = 0; y < CELL + GAP; y++) {
      for (let x = FIRST_CELL - 16; x < FIRST_CELL + CELL; x++) expect(at(x, FIRST_ROW + y)).toEqual([255, 255, 255]);
    }
  });

  test('has the width that is asked for; without room beside it, a label stands above its row', () => {
    const rows = [rowOf(plain(40, 40, 200), TWO_METHODS)];
    const [wide, narrow] = [figureDrawing(rows, { width: 800 }), figureDrawing(rows, { width: 400 })];
    expect([wide.width, narrow.width]).toEqual([800, 400]);
    // Margins of 4, five columns with gaps of 10; headings of three lines, the label's line with 4 below, the bar as high as in all figures.
    const cell = Math.floor((400 - 8 + GAP) / 5) - GAP;
    const bar = 10 + 6 + 16;
    expect(narrow.height).toBe(4 + 3 * 16 + 6 + (16 + 4) + (cell + GAP) + GAP + bar + 4);
    expect(() => figureDrawing(rows, { width: 300 })).toThrow(
      'width: expected at least 103 mm for 5 columns of pictures; got 79',
    );
  });

  test('the same rows give the same bytes', () => {
    const rows = [rowOf(plain(40, 40, 200), TWO_METHODS)];
    expect(figurePng(rows)).toEqual(figurePng(rows));
  });

  test('refuses rows that do not make one figure', () => {
    const row = rowOf(plain(40, 40, 200), TWO_METHODS);
    const other = rowOf(plain(40, 40, 200), { 'Grad-CAM': { right: true, low: true } });
    expect(() => figurePng([])).toThrow('figure: expected at least one row with one map; got none');
    expect(() => figurePng([row, other])).toThrow('figure: expected Grad-CAM, Grad-CAM++ in every row; got Grad-CAM');
    expect(() => figurePng(Array<FigureRow>(50).fill(row))).toThrow('figure: expected at most 16384 pixels a side');
    expect(() => figurePng([row], { cell: 4 })).toThrow('figure cell: expected at least 96 pixels; got 4');
  });
});
