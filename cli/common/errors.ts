/** @file Errors as a command shows them: one line for what the user can change, a stack trace for a bug. */
import { inputMessage, printable, withoutControls, type InputProblem } from 'ganscope/errors';
import { flagName, inFlags } from './flag-names.js';
import { exitCodes } from './exit-codes.js';
import { Interruption } from './signals.js';
import type { Printer } from './print.js';

/** The command line is not what was expected. */
export class UsageError extends Error {}

/**
 * Prints an error as its kind deserves.
 * @param options names of the command's options, in kebab case
 * @returns the exit code
 */
export function reportError(error: unknown, print: Printer, options: readonly string[]): number {
  if (error instanceof Interruption) {
    if (error.message) print.error(error.message);
    return error.exitCode;
  }
  if (error instanceof UsageError || (error instanceof Error && error.name === 'InputError')) {
    print.error(printable(messageInFlags(error, options)));
    return exitCodes.input;
  }
  if (isSystemError(error)) {
    // It is about this machine, also where a file is a copy.
    print.shown = (text) => text;
    print.error(systemMessage(error));
    return exitCodes.input;
  }
  if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') {
    // Node says the same where a file may not be opened because too many are open.
    const reason = 'the installation is incomplete, or too many files are open (see ulimit -n)';
    print.error(`${printable(error.message.replace(/ imported from .*/, ''))}: ${reason}`);
    return exitCodes.input;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (print.options.logFormat === 'json') print.error(text);
  else process.stderr.write(`${withoutControls(text)}\n`);
  return exitCodes.bug;
}

/** The file system's refusals, such as a full disk or a folder that may not be written. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

/** Path first, then the reason. Node's message is `EACCES: permission denied, open '/x'`. */
function systemMessage(error: NodeJS.ErrnoException): string {
  const [, reason] = /^\w+: (.*?), \w+/.exec(error.message) ?? [];
  if (reason === undefined) return error.message;
  return `${error.path === undefined ? '' : `${error.path}: `}${reason} (${error.code}, ${error.syscall})`;
}

/**
 * The library's message in terms of the command's flags: `truncation` becomes `--truncation`.
 * @param options names of the command's options, in kebab case
 */
export function messageInFlags(error: Error, options: readonly string[]): string {
  const { input } = error as { input?: InputProblem };
  if (!input) return inFlags(error.message, options);
  return inputMessage(input, (parameter) => {
    const flag = flagName(parameter);
    return options.includes(flag) ? `--${flag}` : parameter;
  });
}
