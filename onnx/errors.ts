/** @file The one error for bad input: a file, option or node that is not what was expected. */

/**
 * Something a user gave is wrong. The message is one line that names the offender, what was expected and what was
 * found. Commands print it and exit with 2; any other error is a bug and keeps its stack trace.
 */
export class InputError extends Error {
  override name = 'InputError';
}
