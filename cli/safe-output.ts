/** @file What commands print as lines: names from other people's files cannot steer the terminal. */
import { withoutControls } from 'ganscope/errors';

/** Makes `console.log`, `console.warn` and `console.error` write control characters as escapes. Colours go to the streams directly. */
export function makeConsoleSafe(): void {
  for (const method of ['log', 'warn', 'error'] as const) {
    const print = console[method].bind(console);
    console[method] = (...values: unknown[]) =>
      print(...values.map((value) => (typeof value === 'string' ? withoutControls(value) : value)));
  }
}
