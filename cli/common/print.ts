/** @file The one place where commands print. Every line is made safe for terminals and obeys --quiet, --verbose, --log-format. */
import { withoutControls } from 'ganscope/errors';
import { visibleLine } from './visible.js';

export interface PrintOptions {
  /** Only results, warnings and errors. */
  quiet: boolean;
  /** Details too. */
  verbose: boolean;
  /** How messages look: lines of text, or a JSON object per line. */
  logFormat: 'text' | 'json';
}

/** What goes with a message in JSON, such as the numbers of a training step. */
export type Fields = Readonly<Record<string, unknown>>;

type Level = 'detail' | 'info' | 'progress' | 'result' | 'warning' | 'error';
type Stream = Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean; hasColors?(): boolean };

const COLOURS: Partial<Record<Level, string>> = { warning: '\u001B[33m', error: '\u001B[31m' };
const PLAIN = '\u001B[39m';

export class Printer {
  /** Called before a line is printed: a progress bar makes room. */
  beforeLine: (() => void) | undefined;
  /** What is shown in place of a text: copies of what is elsewhere have names that nobody knows. */
  shown: (text: string) => string = (text) => text;
  #dataOnly = false;

  constructor(
    readonly command: string,
    readonly options: PrintOptions = { quiet: false, verbose: false, logFormat: 'text' },
    private readonly out: Stream = process.stdout,
    private readonly err: Stream = process.stderr,
  ) {}

  /** From now on only data goes to standard output, and messages to standard error. */
  dataOnly(): void {
    this.#dataOnly = true;
  }

  /** What was asked for, as it is, on standard output; --quiet does not silence it. */
  data(text: string): void {
    this.beforeLine?.();
    const shown = this.shown(text);
    this.out.write(withoutControls(shown.endsWith('\n') ? shown : `${shown}\n`));
  }

  /**
   * What was asked for in words: as it is, or with --log-format json a message as all others, with its numbers.
   * --quiet does not silence it.
   */
  result(text: string, fields?: Fields): void {
    if (this.options.logFormat === 'json') this.#write('result', text.trim(), fields);
    else this.data(text);
  }

  /** What happens. */
  info(line: string, fields?: Fields): void {
    if (!this.options.quiet) this.#write('info', line, fields);
  }

  /** What only --verbose shows. */
  detail(line: string, fields?: Fields): void {
    if (this.options.verbose) this.#write('detail', line, fields);
  }

  warn(line: string, fields?: Fields): void {
    this.#write('warning', line, fields);
  }

  error(line: string, fields?: Fields): void {
    this.#write('error', line, fields);
  }

  progress(line: string, fields?: Fields): void {
    if (!this.options.quiet) this.#write('progress', line, fields);
  }

  #write(level: Level, text: string, fields: Fields = {}): void {
    this.beforeLine?.();
    const line = this.shown(text);
    const toOut = !this.#dataOnly && (level === 'info' || level === 'detail' || level === 'result');
    const stream = toOut ? this.out : this.err;
    if (this.options.logFormat === 'json') {
      const record = { time: new Date().toISOString(), level, command: this.command, message: line, ...fields };
      stream.write(`${withoutControls(JSON.stringify(record))}\n`);
      return;
    }
    const prefix = level === 'error' ? `${this.command}: ` : level === 'warning' ? 'Warning: ' : '';
    const printed = `${prefix}${visibleLine(line)}`;
    const colour = COLOURS[level];
    // hasColors() follows NO_COLOR and FORCE_COLOR.
    stream.write(colour && stream.hasColors?.() ? `${colour}${printed}${PLAIN}\n` : `${printed}\n`);
  }
}
