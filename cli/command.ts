/** @file What all commands share: strict options, one line for bad input (exit code 2), a stack trace for a bug (1). */
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { inputMessage, printable, type InputProblem } from 'ganscope/errors';
import { makeConsoleSafe } from './safe-output.js';

// The CommonJS build loads in half the time, and wraps between words, which the other one of version 17 does not.
const yargs = createRequire(import.meta.url)('yargs/yargs') as (words: readonly string[]) => Argv;

/** Version of the package. */
export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

/**
 * Parses the command line and runs a command. Modules that load ONNX Runtime, tfjs or sharp are imported by `run`, so
 * that `--help` is instant.
 * @param options adds the command's options and positionals
 * @param run what the command does with the parsed options
 * @param takesFiles whether arguments without a dash are allowed, as `_`
 */
export async function runCommand<T>(
  name: string,
  options: (parser: Argv) => Argv<T>,
  run: (parsed: ArgumentsCamelCase<T>) => Promise<void>,
  { takesFiles = false } = {},
): Promise<void> {
  makeConsoleSafe();
  // Whoever reads the output may have read enough, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    endAtOnce(process.platform === 'win32' ? 'SIGTERM' : 'SIGPIPE');
  });
  let known: readonly string[] = [];
  try {
    const parser = options(
      yargs(process.argv.slice(2))
        .scriptName(name)
        .version(version)
        // Messages are read by `oneLine`, and all else is in English.
        .detectLocale(false)
        .strictOptions()
        .wrap(Math.min(110, process.stdout.columns ?? 110))
        .parserConfiguration({ 'duplicate-arguments-array': false })
        .exitProcess(false)
        .fail((message, error) => {
          throw error ?? new UsageError(oneLine(message));
        }),
    );
    known = Object.keys((parser as unknown as { getOptions(): { key: object } }).getOptions().key);
    const parsed = await parser.parseAsync();
    expectNumbers(parsed);
    if ((parsed as { help?: boolean }).help || (parsed as { version?: boolean }).version) return;
    if (parsed._.length > 0 && !takesFiles)
      throw new UsageError(`unknown argument ${parsed._[0]}: expected options only`);
    await run(parsed as ArgumentsCamelCase<T>);
  } catch (error) {
    process.exitCode = report(name, error, known);
  }
}

/** The command line is not what was expected. */
export class UsageError extends Error {}

class Interruption extends Error {}

/**
 * A signal that the first Ctrl-C aborts, so that a command can clean up or save; the second ends the process. A command
 * that throws the signal's reason ends with exit code 130.
 * @param told called at the first
 */
export function interruption(told?: () => void): AbortSignal {
  const stop = new AbortController();
  process.on('SIGINT', () => {
    if (stop.signal.aborted) return endAtOnce('SIGINT');
    stop.abort(new Interruption('interrupted'));
    told?.();
  });
  return stop.signal;
}

/** Ends the process as a signal that nobody listens to: an exit would tear down threads that are inside ONNX Runtime, and crash. */
function endAtOnce(signal: NodeJS.Signals): void {
  // Progress bars hide the cursor.
  if (process.stderr.isTTY) writeSync(process.stderr.fd, '\u001B[?25h\n');
  // Node ignores SIGPIPE until it has had a listener.
  process.on(signal, () => {});
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** yargs' message about a value outside an option's choices, in the form of all others. */
function oneLine(message: string): string {
  const [, option, given, choices] = /Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message) ?? [];
  return option === undefined ? message : `--${option}: expected one of ${choices?.replaceAll('"', '')}; got ${given}`;
}

/** @throws UsageError for an option of type number whose text was none, which yargs reads as NaN */
function expectNumbers(parsed: object): void {
  for (const [name, value] of Object.entries(parsed)) {
    if (Number.isNaN(value)) throw new UsageError(`--${name}: expected a number; got "${givenText(name)}"`);
  }
}

/** What the command line says after `--name` or `--name=`. */
function givenText(name: string): string {
  const at = process.argv.findLastIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return process.argv[at]?.split('=')[1] ?? process.argv[at + 1] ?? '';
}

/** Prints the error as its kind deserves and returns the exit code. */
function report(name: string, error: unknown, options: readonly string[]): number {
  const known = error instanceof UsageError || (error instanceof Error && error.name === 'InputError');
  // The file system's refusals, such as a full disk or a folder that may not be written.
  const refused = error instanceof Error && 'syscall' in error;
  const interrupted = error instanceof Interruption;
  if (known || refused || interrupted) console.error(`${name}: ${printable(messageInFlags(error, options))}`);
  else console.error(error);
  if (interrupted) return 130;
  return known ? 2 : 1;
}

/**
 * The library's message in terms of the command's flags: `truncation` becomes `--truncation`.
 * @param options names of the command's options, in kebab case
 */
export function messageInFlags(error: Error, options: readonly string[]): string {
  const shown = (parameter: string) => {
    const flag = flagName(parameter);
    return options.includes(flag) ? `--${flag}` : parameter;
  };
  const { input } = error as { input?: InputProblem };
  if (input) return inputMessage(input, shown);
  return error.message.replaceAll(/`(\w+)`/g, (quoted, parameter: string) => {
    const flag = shown(parameter);
    return flag === parameter ? quoted : flag;
  });
}

/** The flag of a parameter without its dashes: `save-latents` for `saveLatents`. */
export function flagName(parameter: string): string {
  return parameter.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
