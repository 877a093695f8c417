/** @file Text of vector files: whole lines that can be searched and edited. */
import type { SKRSContext2D } from 'canvas';

/** A line of text as it was drawn. */
export interface KeptText {
  text: string;
  /** Left end of the baseline, before `transform`. */
  x: number;
  y: number;
  /** Width in DejaVu Sans; other fonts are stretched to it. */
  width: number;
  size: number;
  bold: boolean;
  colour: string;
  /** From text to picture: a, b, c, d, e, f as in SVG's `matrix`. */
  transform: readonly number[];
}

/** Keeps the text that is drawn from now on, and does not draw it. */
export function keptTexts(context: SKRSContext2D): KeptText[] {
  const kept: KeptText[] = [];
  context.fillText = (text, x, y, room = Number.POSITIVE_INFINITY) => {
    const measured = context.measureText(text);
    if (text.trim() === '') return;
    const width = Math.min(measured.width, room);
    const { a, b, c, d, e, f } = context.getTransform();
    const [, size = '12'] = /([\d.]+)px/.exec(context.font) ?? [];
    kept.push({
      text,
      x: x - width * shareBefore(context.textAlign),
      y: y + baselineBelow(context, text),
      width,
      size: Number(size),
      bold: /bold|[6-9]00/.test(context.font),
      colour: `${context.fillStyle}`,
      transform: [a, b, c, d, e, f],
    });
  };
  return kept;
}

/** The share of a text's width that is left of its place. */
function shareBefore(align: string): number {
  if (align === 'center') return 0.5;
  return align === 'right' || align === 'end' ? 1 : 0;
}

/** How far the baseline is below the place of a text. */
function baselineBelow(context: SKRSContext2D, text: string): number {
  const before = context.textBaseline;
  const own = context.measureText(text).actualBoundingBoxAscent;
  context.textBaseline = 'alphabetic';
  const below = context.measureText(text).actualBoundingBoxAscent - own;
  context.textBaseline = before;
  return below;
}

const rounded = (value: number) => `${Number(value.toFixed(3))}`;

/** What XML 1.0 (section 2.2) has no place for: most control characters, and halves of characters. */
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** The text as an element of SVG; characters that no XML file may hold become �. */
export function textElement({ text, x, y, width, size, bold, colour, transform }: KeptText): string {
  const kept = text.replaceAll(NOT_XML, '\uFFFD');
  const content = kept.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const moved = transform.map(rounded).join(' ');
  return (
    `<text fill="${colour}" font-size="${size}"${bold ? ' font-weight="bold"' : ''} font-family="DejaVu Sans, Verdana, sans-serif" ` +
    `x="${rounded(x)}" y="${rounded(y)}" textLength="${rounded(width)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve"` +
    `${moved === '1 0 0 1 0 0' ? '' : ` transform="matrix(${moved})"`}>${content}</text>`
  );
}

/**
 * Makes the context draw text without the ligatures of f, which would be copied from a PDF file as other letters. Text that
 * is squeezed into a width keeps them.
 */
export function withoutLigatures(context: SKRSContext2D): void {
  const draw = context.fillText.bind(context);
  context.fillText = (text, x, y, room) => {
    const parts = text.split(/(?<=f)(?=[fil])/);
    if (parts.length === 1 || room !== undefined) return draw(text, x, y, ...(room === undefined ? [] : [room]));
    const align = context.textAlign;
    const widths = parts.map((part) => context.measureText(part).width);
    let left = x - shareBefore(align) * widths.reduce((sum, width) => sum + width, 0);
    context.textAlign = 'left';
    parts.forEach((part, i) => {
      draw(part, left, y);
      left += widths[i] ?? 0;
    });
    context.textAlign = align;
  };
}
