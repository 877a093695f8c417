/** @file ONNX Runtime's telemetry: since 1.29 its native builds upload usage to their maker, and keep a device id and log files. */

/**
 * Turns it off, unless the user has set the variable. Called before the library is loaded, and before threads and processes
 * start: a thread's environment is a copy that native code does not see.
 */
export function disableTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
}
