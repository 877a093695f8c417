/** @file ONNX Runtime's telemetry: since 1.29 native builds upload usage data to the vendor, and store a device id and log files. */

/**
 * Disables telemetry, unless the user has set the variable. Call it before the library is loaded, and before threads and processes
 * start: a thread's environment is a copy that native code does not see.
 */
export function disableTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
}
