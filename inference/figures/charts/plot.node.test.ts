import { createCanvas, loadImage } from 'canvas';
import { describe, expect, test } from 'vitest';
import type { ChartSize } from './chart.node.js';
import { linePlot, linePlotPng, type PlotLine } from './plot.node.js';

const texts = { title: 'Plot', xTitle: 'x', yTitle: 'y' };

/** Pixels of a colour in a part of the plot, told by shares of its width and height. */
async function counted(
  lines: readonly PlotLine[],
  part: [number, number, number, number],
  rest = {},
  size?: ChartSize,
): Promise<number> {
  const image = await loadImage(linePlotPng({ ...texts, lines, ...rest }, size));
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const [left, top, right, bottom] = part.map((share, i) => Math.round(share * (i % 2 ? image.height : image.width)));
  const { data } = context.getImageData(left!, top!, right! - left!, bottom! - top!);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at]! > 200 && data[at + 1]! < 60 && data[at + 2]! < 60) count++;
  return count;
}

const red = (y: readonly number[]): PlotLine => ({ colour: '#ff0000', points: y.map((value, x) => ({ x, y: value })) });
/** The left and right half of the plotting area, each in its upper and lower half. */
const [LOW_LEFT, HIGH_RIGHT, LOW_RIGHT] = [
  [0.1, 0.5, 0.5, 0.85],
  [0.5, 0.1, 0.95, 0.45],
  [0.55, 0.6, 0.95, 0.85],
] as [number, number, number, number][];

describe('linePlotPng(plot)', () => {
  test('a line that rises goes from lower left to upper right', async () => {
    const line = [red([0, 0.5, 1])];
    expect(await counted(line, LOW_LEFT!)).toBeGreaterThan(100);
    expect(await counted(line, HIGH_RIGHT!)).toBeGreaterThan(100);
    expect(await counted(line, LOW_RIGHT!)).toBe(0);
  });

  test('shows values below zero, unless the axis is told to start above them', async () => {
    const line = [red([-0.9, -0.9])];
    expect(await counted(line, LOW_RIGHT!, { y: { min: -1, max: 1 } })).toBeGreaterThan(100);
    expect(await counted(line, LOW_RIGHT!, { y: { max: 1 } })).toBeGreaterThan(100);
    expect(await counted(line, LOW_RIGHT!, { y: { min: 0, max: 1 } })).toBe(0);
  });

  test('a dashed line has gaps', async () => {
    const whole = await counted([red([0.5, 0.5])], [0.1, 0.1, 0.95, 0.9], { y: { max: 1 } });
    const dashed = await counted([{ ...red([0.5, 0.5]), dash: [6, 4] }], [0.1, 0.1, 0.95, 0.9], { y: { max: 1 } });
    expect(dashed / whole).toBeGreaterThan(0.4);
    expect(dashed / whole).toBeLessThan(0.8);
  });

  test('a narrow plot of many lines is as high as its legend needs', async () => {
    const others = Array.from({ length: 20 }, (_, i) => ({
      ...red([1, 1]),
      colour: '#0000ff',
      label: `a line, the ${i}th`,
    }));
    const heightOf = (lines: readonly PlotLine[]) => linePlot({ ...texts, lines }, { width: 340 }).height;
    expect(heightOf(others) - heightOf(others.slice(0, 1))).toBe(9 * 20);
    // The axes are drawn in the last 200 pixels, their middle a little above the middle of these.
    const below = (share: number) => 1 - (200 * (1 - share)) / heightOf(others);
    const part = [0.2, below(0.3), 0.9, below(0.5)] as [number, number, number, number];
    expect(await counted([red([0.5, 0.5]), ...others], part, { y: { max: 1 } }, { width: 340 })).toBeGreaterThan(100);
  });

  test('wraps titles that are longer than a plot, instead of squeezing them', () => {
    const title = 'Random weights: the map must change';
    const heightOf = (width: number) => linePlot({ ...texts, title, lines: [red([0, 1])] }, { width }).height;
    expect(heightOf(300) - heightOf(450)).toBe(22);
  });

  test('refuses a plot without points', () => {
    expect(() => linePlotPng({ ...texts, lines: [] })).toThrow('plot: expected at least one point; got none');
  });
});
