/** @file Parsed JSON of others: any shape, checked where it is read. */

/** A JSON object. */
export type JsonRecord = Record<string, unknown>;

/** Whether a parsed value is an object with names. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
