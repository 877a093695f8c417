/**
 * @file Turns off ONNX Runtime's telemetry: since 1.29 its native builds upload usage to their maker and keep a device id and
 * log files. Imported before the library is loaded, and before threads start: a thread's environment is a copy that native
 * code does not see.
 */
// What the user set stays.
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
