/** @file What a user states of a generator as text: its range of numbers. */
import { InputError } from '../../onnx/errors.js';

/** Two numbers, of black and white. @throws InputError for another text */
export function parsedRange(text: string): [number, number] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [black, white] = numbers;
  if (numbers.length === 2 && black !== undefined && white !== undefined && numbers.every(Number.isFinite))
    return [black, white];
  throw new InputError({ name: 'range', expected: 'BLACK,WHITE such as 0,1', got: `"${text}"` });
}
