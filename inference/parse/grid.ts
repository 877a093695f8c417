/** @file The size of a grid as text. */
import { InputError } from '../../onnx/errors.js';

/** `8x8` as columns and rows. @throws InputError for anything else */
export function parsedGrid(text: string, name = 'grid'): { columns: number; rows: number } {
  const [, columns, rows] = /^([1-9]\d{0,4})[x×]([1-9]\d{0,4})$/i.exec(text.trim()) ?? [];
  if (!columns || !rows) {
    throw new InputError({ name, expected: 'columns × rows such as 8x8', got: JSON.stringify(text) });
  }
  return { columns: Number(columns), rows: Number(rows) };
}
