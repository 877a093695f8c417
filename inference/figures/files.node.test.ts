import { inflateSync } from 'node:zlib';
import { loadImage } from 'canvas';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { canvasPicture, figureCanvas, pictureCanvas } from './canvas.node.js';
import type { Drawing } from './drawing.node.js';
import { drawingFile } from './files.node.js';
import { linePlot } from './charts/plot.node.js';
import { BOLD_FONT } from './theme.js';

const drawing: Drawing = {
  width: 120,
  height: 60,
  draw(context) {
    context.fillStyle = '#ff0000';
    context.fillRect(10, 10, 20, 20);
    context.drawImage(pictureCanvas({ width: 2, height: 2, channels: 1, data: new Uint8Array(4) }), 60, 30, 20, 20);
    context.font = BOLD_FONT;
    context.fillText('Grad-CAM −1 < 2', 10, 50);
  },
};

/** The text of a PDF file's compressed parts. */
function inflatedStreams(pdf: Buffer): string {
  const parts: string[] = [];
  for (let at = pdf.indexOf('stream\n'); at >= 0; at = pdf.indexOf('stream\n', at + 7)) {
    try {
      parts.push(inflateSync(pdf.subarray(at + 7)).toString('latin1'));
    } catch {
      // A part that is not compressed.
    }
  }
  return parts.join('\n');
}

const text = async (...[of, options]: Parameters<typeof drawingFile>) =>
  Buffer.from(await drawingFile(of, options)).toString('latin1');

describe('drawingFile(drawing, options)', () => {
  test('as PNG it has the pixels that the resolution asks for, and says so where one is given', async () => {
    for (const [options, width, density] of [
      [{}, 240, undefined],
      [{ dpi: 300 }, 375, 300],
    ] as const) {
      const png = await drawingFile(drawing, options);
      const found = await sharp(png).metadata();
      expect([found.width, found.density]).toEqual([width, density]);
    }
  });

  test('as SVG it keeps text as text and pictures as images, and looks as the PNG file does', async () => {
    const svg = Buffer.from(await drawingFile(drawing, { format: 'svg' })).toString('utf8');
    expect(svg).toContain('viewBox="0 0 120 60"');
    expect(svg).toMatch(/<text [^>]*font-family="DejaVu Sans, Verdana, sans-serif"[^>]*>Grad-CAM −1 &lt; 2<\/text>/);
    expect(svg.match(/<image /g)).toHaveLength(1);
    // No list of numbers may end in a comma.
    expect(svg).not.toMatch(/, "/);
    const image = await loadImage(Buffer.from(svg));
    const canvas = figureCanvas(120, 60);
    canvas.getContext('2d').drawImage(image, 0, 0);
    const drawn = canvasPicture(canvas);
    const pixel = (x: number, y: number) => [...drawn.data.subarray(3 * (y * 120 + x)).subarray(0, 3)];
    expect([pixel(20, 20), pixel(70, 40), pixel(110, 10)]).toEqual([
      [255, 0, 0],
      [0, 0, 0],
      [255, 255, 255],
    ]);
  });

  test('as SVG it is well-formed whatever characters its text has', async () => {
    const odd: Drawing = {
      ...drawing,
      draw(context) {
        context.fillText('a\u0000b\u001Bc\u000Bd\uFFFFe\uD800f 🐦 g\u0085', 10, 50);
      },
    };
    const svg = Buffer.from(await drawingFile(odd, { format: 'svg' })).toString('utf8');
    expect(svg).toContain('>a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFDf 🐦 g\u0085</text>');
    await expect(loadImage(Buffer.from(svg))).resolves.toMatchObject({ width: 120 });
  });

  test('as SVG and PDF, f and i stay two letters, and turned text stays one', async () => {
    const words: Drawing = {
      ...drawing,
      draw(context) {
        context.font = BOLD_FONT;
        context.textAlign = 'center';
        context.translate(30, 40);
        context.rotate(-Math.PI / 2);
        context.fillText('first goldfinch', 0, 0);
      },
    };
    const svg = Buffer.from(await drawingFile(words, { format: 'svg' })).toString('utf8');
    const [, x, width] =
      /x="([-\d.]+)"[^>]*textLength="([\d.]+)"[^>]*matrix\(0 -1 1 0 30 40\)">first goldfinch</.exec(svg) ?? [];
    expect(Number(x)).toBeCloseTo(-Number(width) / 2, 2);
    expect(Number(width)).toBeGreaterThan(90);
    // The PDF file's map of glyphs to letters has no ligature (U+FB01).
    const pdf = Buffer.from(await drawingFile(words, { format: 'pdf' }));
    expect(inflatedStreams(pdf)).toMatch(/beginbfchar|beginbfrange/);
    expect(inflatedStreams(pdf)).not.toMatch(/FB01/i);
  });

  test('as PDF it is a page of its size in points, with its font', async () => {
    const pdf = await text(drawing, { format: 'pdf' });
    expect(pdf).toMatch(/^%PDF-1/);
    expect(pdf).toMatch(/\/MediaBox \[0 0 90 45\]/);
    expect(pdf).toMatch(/\/BaseFont \/[A-Z]+\+DejaVuSans-Bold/);
    expect(pdf.match(/\/Subtype \/Image/g)?.length).toBeGreaterThan(0);
  });

  test.each(['png', 'svg', 'pdf'] as const)('a plot is the same bytes each time, as %s', async (format) => {
    const plot = () =>
      linePlot({
        title: 'Losses',
        xTitle: 'step',
        yTitle: 'loss',
        lines: [{ label: 'D', colour: '#112233', points: [0, 1, 2].map((x) => ({ x, y: x * x - 2 })) }],
      });
    const file = await text(plot(), { format });
    expect((await text(plot(), { format })) === file).toBe(true);
    if (format === 'svg') expect(file).toMatch(/>Losses<\/text>[^]*>D<\/text>[^]*>step<\/text>/);
  });
});
