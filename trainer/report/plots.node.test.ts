import { createCanvas, loadImage } from 'canvas';
import { describe, expect, test } from 'vitest';
import type { Picture } from '../../inference/pictures/pictures.js';
import { logitPlotPng, lossPlotPng, overfittingPlotPng, scorePlotPng, type StepRow } from './plots.node.js';
import { realVsFakePng } from './real-vs-fake.node.js';

const BLUE = [0x1f, 0x5f, 0xa8];
const ORANGE = [0xd1, 0x60, 0x0f];
const PURPLE = [0x8e, 0x44, 0xad];

/** Rows of constant losses 1 and 3 and scores 0.8, 0.4 and 0.2, but for what `change` says. */
function rowsOf(count: number, change: (step: number) => Partial<StepRow> = () => ({})): StepRow[] {
  const row = { epoch: 0, lossD: 1, lossG: 3, dReal: 0.8, dFakeBefore: 0.4, dFakeAfter: 0.2, seconds: 0.3 };
  return Array.from({ length: count }, (_, i) => ({ ...row, step: i + 1, ...change(i + 1) }));
}

interface Decoded {
  width: number;
  height: number;
  at: (x: number, y: number) => number[];
}

async function decoded(png: Uint8Array): Promise<Decoded> {
  const image = await loadImage(png);
  const { width, height } = image;
  const context = createCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, at: (x, y) => [...data.subarray(4 * (y * width + x)).subarray(0, 3)] };
}

/** Heights at `share` of the width that have exactly this colour, from the top; wider than the gap of a dashed line. */
function heightsOf(colour: number[], { width, height, at }: Decoded, share: number): number[] {
  const x = Math.round(share * width);
  const columns = Array.from({ length: 24 }, (_, i) => x + i);
  const matches = (y: number): boolean =>
    columns.some((column) => at(column, y).every((level, channel) => level === colour[channel]));
  // Below the legend.
  return Array.from({ length: height - 120 }, (_, y) => y + 120).filter(matches);
}

function middleOf(heights: number[]): number {
  return heights.reduce((sum, y) => sum + y, 0) / heights.length;
}

/** How far apart the two losses are drawn. */
function distanceIn(plot: Decoded): number {
  return middleOf(heightsOf(BLUE, plot, 0.8)) - middleOf(heightsOf(ORANGE, plot, 0.8));
}

describe('plots of held-out pictures', () => {
  // r_v is (2 − 1) / (2 + 2) = 0.25, but for the first steps, in which D knows nothing.
  const logits = (step: number) =>
    step > 3
      ? { logitReal: 2, logitHeldOut: 1, logitFake: -2 }
      : { logitReal: -1e-9, logitHeldOut: 1, logitFake: 1e-9 };

  test.each([20, 1000])('logitPlotPng draws three kinds of pictures over %i steps', async (count) => {
    const plot = await decoded(logitPlotPng(rowsOf(count, logits)));
    const [real, heldOut, fake] = [BLUE, ORANGE, PURPLE].map((colour) => middleOf(heightsOf(colour, plot, 0.8)));
    expect((heldOut as number) - (real as number)).toBeGreaterThan(0);
    expect(((fake as number) - (heldOut as number)) / ((heldOut as number) - (real as number))).toBeCloseTo(3, 0);
  });

  test.each([20, 1000])(
    'overfittingPlotPng draws r_v, with p of adaptive augmentation, over %i steps',
    async (count) => {
      // Few steps are drawn one by one; r_v of the first ones is far below 0 then.
      const after = count < 200 ? 6 : 0;
      const known = (step: number) => logits(step + after);
      const adaptive = (step: number) => ({ ...known(step), augmentation: 0.75 });
      const plot = await decoded(overfittingPlotPng(rowsOf(count, adaptive)));
      const [p, signal] = [BLUE, ORANGE].map((colour) => middleOf(heightsOf(colour, plot, 0.8))) as [number, number];
      // The axis is 0…1 over about 575 pixels: r_v of the first steps, of any size, does not stretch it.
      expect((signal - p) / 575).toBeCloseTo(0.5, 1);
      const alone = await decoded(overfittingPlotPng(rowsOf(count, known)));
      expect(heightsOf(BLUE, alone, 0.8)).toEqual([]);
      expect(middleOf(heightsOf(ORANGE, alone, 0.8))).toBeCloseTo(signal, -1);
    },
  );

  test('overfittingPlotPng draws the signs where they are followed', async () => {
    const plot = await decoded(overfittingPlotPng(rowsOf(20, () => ({ augmentation: 0.2, signReal: 0.9 }))));
    expect(middleOf(heightsOf(ORANGE, plot, 0.8))).toBeLessThan(middleOf(heightsOf(BLUE, plot, 0.8)));
  });
});

describe('lossPlotPng(rows, options)', () => {
  test.each([3, 100, 5000])('draws both losses over %i steps, on white', async (count) => {
    const plot = await decoded(lossPlotPng(rowsOf(count)));
    expect([plot.width, plot.height]).toEqual([1800, 840]);
    expect(plot.at(3, 3)).toEqual([255, 255, 255]);
    for (const share of [0.25, 0.6, 0.9]) {
      const [blue, orange] = [BLUE, ORANGE].map((colour) => heightsOf(colour, plot, share));
      expect(blue?.length).toBeGreaterThan(0);
      expect(middleOf(orange ?? [])).toBeLessThan(middleOf(blue ?? []));
    }
  });

  test('shows a single step', async () => {
    const plot = await decoded(lossPlotPng(rowsOf(1)));
    const shares = Array.from({ length: 400 }, (_, i) => 0.4 + i / 2000);
    for (const colour of [BLUE, ORANGE]) {
      expect(shares.some((share) => heightsOf(colour, plot, share).length > 0)).toBe(true);
    }
  });

  test('a spike at the start does not flatten the rest', async () => {
    const steady = await decoded(lossPlotPng(rowsOf(2000)));
    const spiky = await decoded(lossPlotPng(rowsOf(2000, (step) => (step < 5 ? { lossG: 500 } : {}))));
    expect(distanceIn(spiky)).toBeGreaterThan(0.7 * distanceIn(steady));
  });

  test.each([10, 2000])('losses below zero lie inside the axes, over %i steps', async (count) => {
    // Hinge and Wasserstein losses: the generator's is negative for good.
    const plot = await decoded(lossPlotPng(rowsOf(count, (step) => ({ lossG: -2 - (step % 3) / 10 }))));
    const orange = heightsOf(ORANGE, plot, 0.5);
    expect(orange.length).toBeGreaterThan(0);
    expect(middleOf(orange)).toBeGreaterThan(middleOf(heightsOf(BLUE, plot, 0.5)) + 100);
    // Above the axis with its numbers.
    expect(Math.max(...orange)).toBeLessThan(plot.height - 120);
  });

  test('spikes on either side do not flatten the rest', async () => {
    const spiky = (step: number) => (step === 3 ? { lossG: 500 } : step === 5 ? { lossG: -500 } : {});
    const [both, steady] = [lossPlotPng(rowsOf(2000, spiky)), lossPlotPng(rowsOf(2000))];
    const distance = distanceIn(await decoded(both)) / distanceIn(await decoded(steady));
    expect(distance).toBeGreaterThan(0.5);
  });

  test('losses that are no numbers leave a gap and nothing else', async () => {
    const rows = rowsOf(1000, (step) => (step > 500 ? { lossD: Number.NaN, lossG: Infinity } : {}));
    const plot = await decoded(lossPlotPng(rows));
    expect(heightsOf(BLUE, plot, 0.3).length).toBeGreaterThan(0);
    expect(heightsOf(BLUE, plot, 0.8)).toEqual([]);
    expect(heightsOf(ORANGE, plot, 0.8)).toEqual([]);
  });

  test('takes 200,000 steps', async () => {
    const plot = await decoded(lossPlotPng(rowsOf(200_000, (step) => ({ lossD: 1 + (step % 7) / 10 }))));
    expect(heightsOf(BLUE, plot, 0.5).length).toBeGreaterThan(0);
  });

  test('refuses a run without steps', () => {
    expect(() => lossPlotPng([])).toThrow('plot: expected at least one step; got none');
  });
});

describe('scorePlotPng(rows, options)', () => {
  test('draws the three scores to the scale 0…1', async () => {
    const plot = await decoded(scorePlotPng(rowsOf(1000)));
    const [real, before, after] = [BLUE, ORANGE, PURPLE].map((colour) => middleOf(heightsOf(colour, plot, 0.5)));
    if (real === undefined || before === undefined || after === undefined) throw new Error('lines missing');
    // 0.8, 0.4 and 0.2: distances 2 to 1, within a pixel either way.
    expect(Math.abs(before - real - 2 * (after - before))).toBeLessThan(3);
  });

  test('its axis is 0…1 whatever the scores', async () => {
    const [wide, narrow] = await Promise.all(
      [0.2, 0.79].map(async (dFakeAfter) => decoded(scorePlotPng(rowsOf(1000, () => ({ dFakeAfter }))))),
    );
    if (wide === undefined || narrow === undefined) throw new Error('plots missing');
    expect(heightsOf(ORANGE, narrow, 0.5)).toEqual(heightsOf(ORANGE, wide, 0.5));
  });

  test('the title changes the heading', () => {
    expect(scorePlotPng(rowsOf(3), { title: 'Run 7' })).not.toEqual(scorePlotPng(rowsOf(3)));
  });
});

function plain(level: number): Picture {
  return { width: 64, height: 64, channels: 1, data: new Uint8Array(4096).fill(level) };
}

describe('realVsFakePng(real, fake, step)', () => {
  test('puts the real pictures left and the generated ones right, in order', async () => {
    const real = Array.from({ length: 64 }, (_, i) => plain(i));
    const fake = Array.from({ length: 64 }, (_, i) => plain(100 + i));
    const { width, height, at } = await decoded(realVsFakePng(real, fake, 500, 8));
    // Grids of 8 × 8 pictures with 2 pixels between them, twice enlarged; margins of 32, a heading of 56.
    const grid = 2 * (8 * 66 + 2);
    expect([width, height]).toEqual([3 * 32 + 2 * grid, 32 + 56 + grid + 32]);
    for (const index of [0, 7, 8, 63]) {
      const [x, y] = [32 + 2 * (34 + 66 * (index % 8)), 88 + 2 * (34 + 66 * Math.floor(index / 8))];
      expect(at(x, y)).toEqual(Array(3).fill(index));
      expect(at(32 + grid + x, y)).toEqual(Array(3).fill(100 + index));
    }
  });

  test('refuses to show nothing', () => {
    expect(() => realVsFakePng([plain(0)], [], 1, 1)).toThrow('grid: expected at least one picture; got none');
  });
});
