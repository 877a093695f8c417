/** @file What was assumed about a network, a picture or data, in a form that is printed and stored. */

/** Something that was not stated by the user. */
export interface Assumption {
  /** What it is about, such as `picture`, `output` or `layer`. */
  about: string;
  /** What was taken. */
  taken: string;
  /** Why: where it was found, or that it is the default. */
  because: string;
  /** Parameters that change it. */
  options: readonly string[];
}

/**
 * An assumption as one line.
 * @param shown how a parameter is written; by default as it is
 */
export function assumptionLine(
  { about, taken, because, options }: Assumption,
  shown: (parameter: string) => string = (name) => name,
): string {
  const change = options.length > 0 ? `; change it with ${options.map(shown).join(', ')}` : '';
  return `${about.charAt(0).toUpperCase()}${about.slice(1)}: ${taken} (${because}${change})`;
}
