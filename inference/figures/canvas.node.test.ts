import { GlobalFonts } from 'canvas';
import { describe, expect, test } from 'vitest';
import { figureCanvas, pictureCanvas } from './canvas.node.js';
import { FONT_FAMILY } from './theme.js';

function inkOf(weight: 'normal' | 'bold'): number {
  const context = figureCanvas(120, 30).getContext('2d');
  context.font = `${weight} 20px "${FONT_FAMILY}"`;
  context.fillText('Grad-CAM', 2, 22);
  return context.getImageData(0, 0, 120, 30).data.reduce((sum, byte) => sum + byte, 0);
}

describe('figureCanvas(width, height)', () => {
  test('draws text, and bold text bolder', () => {
    expect(inkOf('normal')).toBeGreaterThan(0);
    expect(inkOf('bold')).toBeGreaterThan(1.2 * inkOf('normal'));
  });

  test('brings its font along, regular and bold, once', () => {
    figureCanvas(1, 1);
    figureCanvas(1, 1);
    const faces = GlobalFonts.families.find(({ family }) => family === FONT_FAMILY)?.styles;
    expect(faces?.map(({ weight }) => weight).sort()).toEqual([400, 700]);
  });
});

describe('pictureCanvas(picture)', () => {
  test('keeps every pixel in its place, grey as grey', () => {
    const rgb = pictureCanvas({ width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    expect([...rgb.getContext('2d').getImageData(0, 0, 2, 1).data]).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
    const grey = pictureCanvas({ width: 1, height: 2, channels: 1, data: Uint8Array.of(7, 8) });
    expect([...grey.getContext('2d').getImageData(0, 0, 1, 2).data]).toEqual([7, 7, 7, 255, 8, 8, 8, 255]);
  });
});
