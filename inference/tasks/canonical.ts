/** @file JSON with one text for one value. */
import { InputError } from '../../onnx/errors.js';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** The one text of a value: keys in the order of their UTF-16 code units, no spaces. @throws InputError for what JSON has no text for */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new InputError({ name: 'job', expected: 'finite numbers', got: value });
  }
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonicalJson).join()}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`);
  return `{${fields.join()}}`;
}

/** Whether a value is an object of JSON, as far as its type tells. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
