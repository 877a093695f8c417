/** @file Drawings as vector files: text stays text, pictures are images. */
import { createCanvas, PDFDocument, SvgExportFlag, type SKRSContext2D } from 'canvas';
import { registerFonts } from './canvas.node.js';
import { paint, type Drawing } from './drawing.node.js';
import { keptTexts, textElement, withoutLigatures } from './vector-text.node.js';

/** PDF counts in points, 72 to an inch; a layout pixel is 1/96 inch, as in CSS. */
const POINTS = 72 / 96;

/** The drawing as an SVG file. Its font is DejaVu Sans, or what the viewer has instead. */
export function drawingSvg(drawing: Drawing): Uint8Array {
  registerFonts();
  const canvas = createCanvas(drawing.width, drawing.height, SvgExportFlag.NoPrettyXML);
  const context = canvas.getContext('2d');
  const texts = keptTexts(context);
  paint(drawing, context, 1);
  const svg = canvas.getContent().toString('utf8');
  const ended = svg.replace(/<\/svg>\s*$/, () => `${texts.map(textElement).join('')}</svg>`);
  return new TextEncoder().encode(tidied(ended, drawing));
}

/** Ids that count from 0 in every file, and a view box. */
function tidied(svg: string, { width, height }: Drawing): string {
  const ids = new Map<string, string>();
  const renamed = (id: string): string => {
    const known = ids.get(id) ?? `${id.slice(0, id.indexOf('_') + 1)}${ids.size}`;
    ids.set(id, known);
    return known;
  };
  return svg
    .replace('<svg ', `<svg viewBox="0 0 ${width} ${height}" `)
    .replaceAll(/(id="|"#|url\(#)([a-z]+_[0-9a-f]+)/g, (_, before: string, id: string) => before + renamed(id));
}

/** The drawing as a PDF file of one page. It contains the font. */
export function drawingPdf(drawing: Drawing): Uint8Array {
  registerFonts();
  const document = new PDFDocument({ creator: 'ganscope' });
  const context = document.beginPage(POINTS * drawing.width, POINTS * drawing.height) as unknown as SKRSContext2D;
  context.scale(POINTS, POINTS);
  withoutLigatures(context);
  paint(drawing, context, 1);
  document.endPage();
  return new Uint8Array(document.close());
}
