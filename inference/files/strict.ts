/** @file What `strict` asks for: that no file is left out. */
import { InputError } from '../../onnx/errors.js';

/** @param skipped a line for each file that was skipped @throws InputError naming the first */
export function expectNoneSkipped([first]: readonly string[]): void {
  if (first !== undefined) throw new InputError({ name: 'strict', expected: 'no skipped file', got: first });
}

/** The error for a file that cannot be read as a picture. */
export const brokenPicture = (reason: string): InputError =>
  new InputError({ name: 'strict', expected: 'no broken picture', got: reason });
