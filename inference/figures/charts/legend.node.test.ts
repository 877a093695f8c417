import { describe, expect, test } from 'vitest';
import { textRuler } from '../boxes.node.js';
import { figureCanvas } from '../canvas.node.js';
import { drawLegend, legendOf, type LegendEntry } from './legend.node.js';
import { lineStyle, PLAIN_FONT } from '../theme.js';

const entry = (label: string, rest: Partial<LegendEntry> = {}): LegendEntry => ({
  label,
  colour: '#000000',
  kind: 'line',
  ...rest,
});
const legend = (entries: readonly LegendEntry[], width = 400) => legendOf(entries, width, PLAIN_FONT, textRuler());

/** How much ink lies on the sample of an only entry. */
function inkOf(rest: Partial<LegendEntry>): number {
  const context = figureCanvas(40, 24).getContext('2d');
  drawLegend(context, legend([entry('', rest)]), 0, 0, PLAIN_FONT);
  return context.getImageData(0, 0, 40, 24).data.filter((byte, i) => i % 4 === 3 && byte > 128).length;
}

describe('legendOf(entries, width, font, context)', () => {
  test('starts a new row where the width ends', () => {
    const one = legend([entry('D(x)'), entry('D(G(z))')]);
    expect(one.entries.map(({ y }) => y)).toEqual([0, 0]);
    expect(one.entries[1]!.x).toBeGreaterThan(one.entries[0]!.x + 26);
    const two = legend([entry('D(x)'), entry('D(G(z))')], 100);
    expect(two.entries.map(({ x }) => x)).toEqual([0, 0]);
    expect(two.height).toBe(2 * one.height);
    expect(legend([]).height).toBe(0);
  });
});

describe('drawLegend(context, legend, left, top, font)', () => {
  test('shows dashes as gaps and markers on the line', () => {
    expect(inkOf({ dash: [2, 2] })).toBeLessThan(0.7 * inkOf({}));
    expect(inkOf({ marker: 'circle' })).toBeGreaterThan(1.2 * inkOf({}));
    expect(inkOf({ kind: 'bar' })).toBe(14 * 12);
  });
});

test('lineStyle(index): no two of 28 lines have the same dashes and marker', () => {
  const looks = Array.from({ length: 28 }, (_, i) => JSON.stringify([lineStyle(i).dash, lineStyle(i).marker]));
  expect(new Set(looks).size).toBe(28);
});
