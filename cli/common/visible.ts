/** @file Text that cannot change the terminal: names of files, layers and classes come from strangers. */
import { withoutControls } from 'ganscope/errors';

/** Characters of one line. */
const LONGEST = 10_000;

/** One line of text with control characters as escapes, such as `\u001b`, line ends too. */
export function visibleLine(text: string): string {
  const cut = text.length - LONGEST;
  const shown = cut > 0 ? `${text.slice(0, LONGEST)}… (${cut} more characters)` : text;
  return withoutControls(shown).replaceAll('\n', String.raw`\n`);
}
