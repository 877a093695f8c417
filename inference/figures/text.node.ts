/** @file Text that fits its box: wrapped, and shortened with an ellipsis if necessary. */
import type { SKRSContext2D } from 'canvas';

/** The beginning of `text` and an ellipsis, as long as fits. */
function shortened(context: SKRSContext2D, text: string, width: number): string {
  const kept = [...text.trimEnd()];
  while (kept.length > 0 && context.measureText(`${kept.join('')}…`).width > width) kept.pop();
  return `${kept.join('').trimEnd()}…`;
}

/** Where lines may break, best first: between words (a dot between them stays with the first), after joints of names, anywhere. */
const PIECES = [/\S+\s*(?:·\s+)*/gu, /[^_\-/:]+[_\-/:]*|[_\-/:]+/gu, /[^.]+\.*|\.+/gu, /./gsu];

/** The pieces between which a line may break; narrow ones stay whole. */
function brokenPieces(context: SKRSContext2D, text: string, width: number): string[] {
  const tooLong = (piece: string): boolean => context.measureText(piece.trimEnd()).width > width;
  return PIECES.reduce<string[]>(
    (pieces, pattern, level) =>
      pieces.flatMap((piece) => (level === 0 || tooLong(piece) ? (piece.match(pattern) ?? []) : [piece])),
    [text],
  );
}

/**
 * Wraps `text` in the context's current font to lines of at most `width` pixels.
 * @param maxLines at least 1; what does not fit into as many lines is replaced by an ellipsis
 */
export function wrappedLines(context: SKRSContext2D, text: string, width: number, maxLines: number): string[] {
  const lines = [''];
  for (const piece of brokenPieces(context, text, width)) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && context.measureText((line + piece).trimEnd()).width > width) lines.push(piece);
    else lines[lines.length - 1] = line + piece;
  }
  const shown = lines.slice(0, maxLines).map((line) => line.trimEnd());
  if (lines.length > maxLines) shown[maxLines - 1] = shortened(context, shown[maxLines - 1] ?? '', width);
  return shown;
}
