import { describe, expect, test } from 'vitest';
import { figureCanvas } from './canvas.node.js';
import { FONT_FAMILY } from './theme.js';
import { wrappedLines } from './text.node.js';

const context = figureCanvas(1, 1).getContext('2d');
context.font = `12px ${FONT_FAMILY}`;

describe('wrappedLines(context, text, width, maxLines)', () => {
  test('keeps what fits on one line', () => {
    expect(wrappedLines(context, 'fake  −logit 1.73 · D(x) 0.15', 400, 3)).toEqual(['fake  −logit 1.73 · D(x) 0.15']);
  });

  test('breaks between words, never inside a number', () => {
    expect(wrappedLines(context, 'fake  −logit 1.73 · D(x) 0.15', 135, 3)).toEqual([
      'fake  −logit 1.73 ·',
      'D(x) 0.15',
    ]);
  });

  test('breaks long names at their joints', () => {
    const name = 'Black_Footed_Albatross_0046_18.jpg';
    const lines = wrappedLines(context, name, 120, 5);
    expect(lines.join('')).toBe(name);
    expect(lines.slice(0, -1).every((line) => line.endsWith('_'))).toBe(true);
  });

  test.each([40, 90, 150])('no line is wider than %i px, whatever the text', (width) => {
    for (const text of [
      'x'.repeat(200),
      'features/0/Conv_output_0 of a very long layer name',
      'Ünïcödé 图片 🐦'.repeat(9),
    ]) {
      const lines = wrappedLines(context, text, width, 3);
      expect(lines.length).toBeLessThanOrEqual(3);
      for (const line of lines) expect(context.measureText(line).width).toBeLessThanOrEqual(width);
    }
  });

  test('shows by an ellipsis that something is missing', () => {
    expect(wrappedLines(context, 'x'.repeat(200), 60, 2).at(-1)).toMatch(/^x+…$/);
    expect(wrappedLines(context, 'one two three four', 70, 1)).toEqual(['one two…']);
  });
});
