/** @file Further inputs of a network as text. */
import { InputError } from '../../onnx/errors.js';

/** Numbers, or the file that holds them. */
export type ParsedInput = { file: string } | { data: readonly number[] };

/**
 * `NAME=FILE` and `NAME=NUMBERS`, by name.
 * @throws InputError for a text without a name or a value, or a name that is given twice
 */
export function parsedInputs(texts: readonly string[]): Record<string, ParsedInput> {
  const found = new Map<string, ParsedInput>();
  for (const text of texts) {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new InputError({ name: 'input', expected: 'NAME=FILE or NAME=NUMBERS', got: `"${text}"` });
    if (found.has(name)) throw new InputError({ name: 'input', expected: `one value for ${name}`, got: 'two' });
    found.set(name, valueOf(value));
  }
  return Object.fromEntries(found);
}

/** Inputs as texts that `parsedInputs` reads. */
export function inputTexts(inputs: Readonly<Record<string, ParsedInput>>): string[] {
  return Object.entries(inputs).map(([name, value]) => `${name}=${'file' in value ? value.file : value.data.join()}`);
}

function valueOf(text: string): ParsedInput {
  if (text === 'true' || text === 'false') return { data: [text === 'true' ? 1 : 0] };
  const data = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  return data.every(Number.isFinite) ? { data } : { file: text };
}
