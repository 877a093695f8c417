/** @file Signals: the first stops a command in order, the second ends it at once. */
import { writeSync } from 'node:fs';
import { signalCodes, type StopSignal } from './exit-codes.js';

/** Why a command stops before its end. */
export class Interruption extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
    /** Whether the user knows, having sent the signal. */
    readonly told = true,
  ) {
    super(message);
  }
}

const HANDLED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly StopSignal[];

/** Whether torchrun started this process: it passes signals on, beside whoever else sends them to all, and kills after a time. */
export const isLaunched = (): boolean => process.env['TORCHELASTIC_RUN_ID'] !== undefined;

/**
 * Listens to Ctrl-C, SIGTERM and SIGHUP from now on: the first aborts `stop`, the second ends the process, unless it was
 * started by torchrun.
 * @param stop aborted with an `Interruption`
 */
export function stopOnSignals(stop: AbortController): void {
  for (const name of HANDLED) {
    process.on(name, () => {
      if (!stop.signal.aborted) stop.abort(new Interruption(`interrupted (${name})`, signalCodes[name]));
      else if (!isLaunched()) endAtOnce(name);
    });
  }
}

/**
 * Ends the process as a signal that nobody listens to. An exit would tear down threads that are inside ONNX Runtime,
 * and crash; shells see the same exit code.
 */
export function endAtOnce(signal: NodeJS.Signals): void {
  // Progress bars hide the cursor.
  if (process.stderr.isTTY) writeSync(process.stderr.fd, '\u001B[?25h\n');
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
