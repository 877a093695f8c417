/** @file JSON: of others, of any shape, checked where it is read; and in lines. */

/** A JSON object. */
export type JsonRecord = Record<string, unknown>;

/** Whether a parsed value is an object with names. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON in one line, also for readers to whom U+2028 and U+2029 end one. */
export const oneLine = (value: unknown) =>
  JSON.stringify(value)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);
