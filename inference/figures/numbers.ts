/** @file Numbers as text, the same in captions, tables and on axes. */

const plain = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** A number with three significant digits, such as `0.158`, `−1.68`, `12,300` or `1.20e−5`. */
export function formattedNumber(value: number): string {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : plain.format(value);
  return withMinus(text);
}

/** The text with true minus signs. */
export function withMinus(text: string): string {
  return text.replaceAll('-', '−');
}
