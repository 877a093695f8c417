/** @file gan-train as a child process that is stopped in order and tells its last message. */
import { spawn, type ChildProcess } from 'node:child_process';
import { isRecord } from '../../../inference/parse/json.js';
import { printable } from '../../../onnx/errors.js';

/** How a process ended. */
export interface ProcessEnd {
  /** The exit code; null after a signal that it did not handle. */
  code: number | null;
  /** Its last error, in one line. */
  error?: string;
}

/** The longest line that is read; the rest of a longer one is dropped. */
const MAX_LINE = 16 * 1024;

/** One run of the command. */
export class TrainingProcess {
  /** What it said last. */
  message: string | undefined;
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  #error: string | undefined;

  /** @param command program and its first arguments */
  constructor(command: readonly string[], options: readonly string[], folder: string) {
    const [program = '', ...first] = command;
    // A group of its own: Ctrl-C in the terminal reaches the studio alone, which then stops this process once.
    const isolated = process.platform !== 'win32';
    this.#child = spawn(program, [...first, ...options, '--log-format', 'json'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: isolated,
      windowsHide: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) this.#read(stream);
    this.ended = new Promise((resolve) => {
      const end = (code: number | null) =>
        resolve({ code, ...(this.#error !== undefined && { error: printable(this.#error) }) });
      this.#child.once('error', (error) => {
        this.#error ??= error.message;
        end(null);
      });
      this.#child.once('close', end);
    });
  }

  /** Asks it to save and end. A second signal would end it at once: call this once. */
  stop(): void {
    this.#child.kill('SIGTERM');
  }

  #read(stream: NodeJS.ReadableStream | null): void {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LINE);
      for (const line of lines) this.#heard(line);
    });
  }

  #heard(line: string): void {
    const record = parsed(line);
    if (record === undefined) {
      // Node's own words about an error that nothing caught.
      if (/^\w*Error\b/.test(line)) this.#error = line;
      return;
    }
    const { level, message } = record;
    if (typeof message !== 'string') return;
    this.message = printable(message);
    if (level === 'error') this.#error = message;
  }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
