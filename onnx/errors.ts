/** @file The one error for bad input: a file, parameter or node that is not what was expected. */

/** What is wrong with an input. Other parameters are quoted in backticks, such as `` `seed` ``. */
export type InputProblem =
  | {
      /** The parameter of the call, the file, or the node. */
      name: string;
      /** What it should be, to be read after "expected". */
      expected: string;
      /** What it is, if that can be said in a few words. */
      got?: string | number | undefined;
    }
  | {
      name: string;
      /** A parameter that excludes it. */
      conflictsWith: string;
    };

/**
 * Bad input from a user. The message is one line that names the offender, what was expected and what was
 * found, in terms of the library's own parameters. Commands print it in terms of their flags and exit with 2; any other
 * error is a bug and keeps its stack trace.
 */
export class InputError extends Error {
  override name = 'InputError';
  /** The parts of the message, where it has them. */
  readonly input?: InputProblem;

  /** @param problem the parts of the message, or a whole message */
  constructor(problem: InputProblem | string, options?: ErrorOptions) {
    super(printable(typeof problem === 'string' ? problem : inputMessage(problem)), options);
    if (typeof problem !== 'string') this.input = problem;
  }
}

/**
 * A problem as one line.
 * @param shown how a parameter is written; by default as it is
 */
export function inputMessage(problem: InputProblem, shown: (parameter: string) => string = (name) => name): string {
  const name = shown(problem.name);
  if ('conflictsWith' in problem) return `${name} and ${shown(problem.conflictsWith)} cannot be combined`;
  const quoted = (text: string) =>
    text.replaceAll(/`(\w+)`/g, (whole, parameter: string) => {
      const other = shown(parameter);
      return other === parameter ? whole : other;
    });
  const got = problem.got === undefined ? '' : `; got ${quoted(String(problem.got))}`;
  return `${name}: expected ${quoted(problem.expected)}${got}`;
}

/** Most characters of a message, and of a part of it without spaces, such as a name from a file. */
const [MAX_MESSAGE, MAX_WORD] = [2000, 400];

/**
 * Text that may quote files, on one line that is safe to print: control characters, which could steer a terminal, become
 * escapes, and what is too long to read is cut.
 */
export function printable(text: string): string {
  // A pattern for long words would overflow the stack at words of millions of characters.
  const words = text
    .split(/[\r\n\t ]+/)
    .map((word) => (word.length > MAX_WORD ? `${word.slice(0, MAX_WORD / 2)}…${word.slice(-MAX_WORD / 4)}` : word))
    .join(' ');
  return withoutControls(words.length > MAX_MESSAGE ? `${words.slice(0, MAX_MESSAGE)}…` : words);
}

/** The text with control characters as escapes, line ends and tabs kept. */
export function withoutControls(text: string): string {
  // C0 and C1 controls, and what turns the direction of writing.
  return text.replaceAll(/[^\P{Cc}\t\n]|[\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, (control) => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
