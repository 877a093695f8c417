/** @file What all commands share: strict options, signals, messages, and one table of exit codes (common/exit-codes.ts). */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { CompletedOption } from './common/completion.js';
import { messageInFlags, reportError, UsageError } from './common/errors.js';
import { exitCodes, signalCodes } from './common/exit-codes.js';
import { inFlags } from './common/flag-names.js';
import { Printer } from './common/print.js';
import { endAtOnce, Interruption, isLaunched, stopOnSignals } from './common/signals.js';
import { checkWords } from './common/words.js';
import type { ProgressBar } from './progress/bar.js';

export { UsageError };

// The CommonJS build loads in half the time, and wraps between words, which the other one of version 17 does not.
const yargs = createRequire(import.meta.url)('yargs/yargs') as (words: readonly string[]) => Argv;

/** Version of the package. */
export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

/** What a running command works with. */
export interface CommandContext {
  print: Printer;
  /** Aborts at Ctrl-C, SIGTERM and SIGHUP; its reason may be thrown. What is complete stays. */
  signal: AbortSignal;
  progress(unit: string): ProgressBar;
  /** A note of the library, with its parameters as flags. */
  note(text: string): void;
  /** A warning of the library, likewise. */
  warn(text: string): void;
  /** The line of an error of the library, likewise. */
  messageOf(error: Error): string;
  /** Says where ONNX Runtime runs: with --verbose, or if that is not what the machine promises. */
  device(choice: { notes: readonly string[]; surprising?: boolean | undefined }): void;
  /** Names what was left out, if anything: the exit code is 3 then. */
  skipped(reasons: readonly string[]): void;
  /** Names a result that failed its check: the exit code is 1 then. */
  failed(line: string): void;
}

export interface CommandOptions {
  /** Whether arguments without a dash are allowed, as `_`. */
  takesFiles?: boolean;
  /** Options that may stand without a value. */
  mayBeEmpty?: readonly string[];
  /** Options that may be given several times; `givenTexts` reads them. */
  repeatable?: readonly string[];
}

const common = {
  quiet: { type: 'boolean', default: false, describe: 'Print only results, warnings and errors' },
  verbose: { type: 'boolean', default: false, describe: 'Print details too, such as why a device was chosen' },
  'log-format': {
    choices: ['text', 'json'],
    default: 'text',
    describe: 'Messages as text, or as one JSON object per line',
  },
  completion: {
    choices: ['bash', 'zsh', 'fish'],
    describe: 'Print a script for completion in this shell, and stop',
  },
} as const;

interface CommonOptions {
  quiet: boolean;
  verbose: boolean;
  logFormat: 'text' | 'json';
  completion?: 'bash' | 'zsh' | 'fish';
  help?: boolean;
  version?: boolean;
  getYargsCompletions?: unknown;
}

/**
 * Parses the command line and runs a command. Modules that load ONNX Runtime, tfjs or sharp are imported by `run`, so
 * that `--help` is instant.
 * @param options adds the command's options and positionals
 * @param run what the command does with the parsed options
 */
export async function runCommand<T>(
  name: string,
  options: (parser: Argv) => Argv<T>,
  run: (parsed: ArgumentsCamelCase<T>, context: CommandContext) => Promise<void>,
  { takesFiles = false, mayBeEmpty = [], repeatable = [] }: CommandOptions = {},
): Promise<void> {
  const words = process.argv.slice(2);
  let print = new Printer(name, { quiet: false, verbose: false, logFormat: givenFormat(words) });
  let known: readonly string[] = [];
  const stop = new AbortController();
  const conclude = (error: unknown) => {
    process.exitCode = reportError(error, print, known);
  };
  let ended = false;
  // Node reports what could not be written a moment after the last line, too.
  onClosedOutput((problem) => (ended ? conclude(problem) : stop.abort(problem)));
  try {
    const parser = options(
      yargs(words)
        .scriptName(name)
        .version(version)
        // Messages are read by `oneLine`, and all else is in English.
        .detectLocale(false)
        .strictOptions()
        .wrap(Number(process.env['COLUMNS']) || Math.min(110, process.stdout.columns ?? 110))
        .parserConfiguration({ 'duplicate-arguments-array': false, 'parse-positional-numbers': false })
        .exitProcess(false)
        .fail((message, error) => {
          throw error ?? new UsageError(oneLine(message));
        }),
    ).options(common);
    const { key, boolean, array } = optionsOf(parser);
    known = Object.keys(key);
    if (!words.includes('--get-yargs-completions'))
      checkWords(words, { boolean, array: [...array, ...repeatable], known, mayBeEmpty });
    const parsed = await parser.parseAsync();
    const { quiet, verbose, logFormat, completion, ...asked } = parsed as unknown as CommonOptions;
    // yargs has printed what was asked for.
    if (asked.help || asked.version || asked.getYargsCompletions !== undefined) return;
    print = new Printer(name, { quiet, verbose, logFormat });
    if (completion !== undefined) {
      const { completionScript } = await import('./common/completion.js');
      return print.data(completionScript(name, completion, completedOptions(parser)));
    }
    expectNumbers(parsed);
    if (quiet && verbose) throw new UsageError('--quiet and --verbose cannot be combined');
    if (parsed._.length > 0 && !takesFiles)
      throw new UsageError(`unknown argument ${parsed._[0]}: expected options only`);
    stopOnSignals(stop);
    const { lostLocks } = await import('ganscope/tasks');
    lostLocks.once('lost', (taken) => {
      print.error(`${taken}: another process has taken it over; this one had shown no sign of life for too long`);
      // Nothing more may be written there.
      endAtOnce('SIGTERM');
    });
    stop.signal.addEventListener('abort', () => {
      if (stop.signal.reason instanceof Interruption && stop.signal.reason.told)
        print.info(isLaunched() ? 'Stopping.' : 'Stopping; press Ctrl-C again to quit at once.');
    });
    await run(parsed as ArgumentsCamelCase<T>, await commandContext(print, stop.signal, known));
    // A command that has saved and told what it did may return as if it were done.
    const { reason } = stop.signal as { reason: unknown };
    if (reason instanceof Interruption && reason.told) process.exitCode = reason.exitCode;
    else if (reason instanceof Interruption) conclude(reason);
  } catch (error) {
    conclude(error);
  } finally {
    ended = true;
  }
}

async function commandContext(
  print: Printer,
  signal: AbortSignal,
  options: readonly string[],
): Promise<CommandContext> {
  const { progressBar } = await import('./progress/bar.js');
  return {
    print,
    signal,
    progress: (unit) => progressBar(unit, print),
    note: (text) => print.info(inFlags(text, options)),
    warn: (text) => print.warn(inFlags(text, options)),
    messageOf: (error) => messageInFlags(error, options),
    device: ({ notes, surprising }) => {
      for (const line of notes) print[surprising ? 'info' : 'detail'](line);
    },
    skipped: (reasons) => {
      if (reasons.length === 0) return;
      process.exitCode ??= exitCodes.skipped;
      print.warn(`skipped ${reasons.length} ${reasons.length === 1 ? 'file' : 'files'}:`);
      for (const reason of reasons) print.warn(`  ${inFlags(reason, options)}`);
    },
    failed: (line) => {
      process.exitCode = exitCodes.bug;
      print.error(line);
    },
  };
}

/** Calls back when standard output cannot be written; whoever reads it may have read enough, as `head` does. */
function onClosedOutput(stop: (problem: Interruption) => void): void {
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => {});
    if (error.code === 'EPIPE') stop(new Interruption('', signalCodes.SIGPIPE, false));
    else stop(new Interruption(`standard output: cannot be written (${error.code})`, exitCodes.input, false));
  });
  // There is no place left to say so.
  process.stderr.on('error', () => {});
}

/** What yargs knows of the options. */
interface ParserOptions {
  key: Record<string, unknown>;
  boolean: string[];
  array: string[];
  choices: Record<string, string[] | undefined>;
}

/** What yargs' types leave out. */
interface OpenParser {
  getOptions(): ParserOptions;
  getInternalMethods(): { getUsageInstance(): { getDescriptions(): Record<string, string | undefined> } };
}

function optionsOf(parser: Argv): ParserOptions {
  return (parser as unknown as OpenParser).getOptions();
}

function completedOptions(parser: Argv): CompletedOption[] {
  const { key, boolean, choices } = optionsOf(parser);
  const descriptions = (parser as unknown as OpenParser).getInternalMethods().getUsageInstance().getDescriptions();
  return Object.keys(key).map((name) => ({
    name,
    describe: descriptions[name]?.replace('__yargsString__:', '') ?? '',
    choices: choices[name],
    boolean: boolean.includes(name),
  }));
}

/** The format of messages, as far as it can be told before the options are read. */
function givenFormat(words: readonly string[]): 'text' | 'json' {
  const at = words.indexOf('--log-format');
  return words.includes('--log-format=json') || (at >= 0 && words[at + 1] === 'json') ? 'json' : 'text';
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

/** All that the command line says after `--name` or `--name=`, for options that may be given several times. */
export function givenTexts(name: string): string[] {
  const words = process.argv.slice(2);
  return words.flatMap((word, at) => {
    if (word === `--${name}`) return words[at + 1] ?? [];
    return word.startsWith(`--${name}=`) ? word.slice(name.length + 3) : [];
  });
}

/** What the command line says after `--name` or `--name=`. */
function givenText(name: string): string {
  const at = process.argv.findLastIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return process.argv[at]?.split('=')[1] ?? process.argv[at + 1] ?? '';
}
