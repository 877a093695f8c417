/** @file The exit codes of all commands; docs/commands.md explains them. */

export const exitCodes = {
  /** All that was asked for is done. */
  done: 0,
  /** A bug, or a result that failed its check. */
  bug: 1,
  /** An option, a file, the network or the disk is not what was expected. */
  input: 2,
  /** Done, but files were skipped. */
  skipped: 3,
} as const;

/** Signals that stop a command, and its exit code then: 128 + the number of the signal, as shells count. */
export const signalCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;

export type StopSignal = keyof typeof signalCodes;
