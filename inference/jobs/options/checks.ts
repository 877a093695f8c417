/** @file Checks that several kinds of job share. */
import { InputError } from '../../../onnx/errors.js';

const PICTURE_EXTENSIONS = ['.png', '.webp', '.gif', '.jpg', '.jpeg', '.mp4', '.webm', '.npy', '.zip'];

/** @throws InputError unless it is an integer of 0…2^53 − 1 */
export function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InputError({ name: 'seed', expected: 'an integer of 0…2^53 − 1', got: seed });
  }
}

/**
 * Whether `out` names a file of one of these kinds rather than a folder.
 * @param extensions such as `.png`
 * @throws InputError if it names a picture or video file of another kind, or nothing
 */
export function namesFile(out: string, extensions: readonly string[]): boolean {
  const extension = extensionOf(out);
  if (extensions.includes(extension)) return true;
  if (out === '' || PICTURE_EXTENSIONS.includes(extension)) {
    const file = extensions.length > 0 ? ` or a ${extensions.join(' or ')} file` : '';
    throw new InputError({ name: 'out', expected: `a folder${file}`, got: JSON.stringify(out) });
  }
  return false;
}

/** The extension in lower case with its dot, or nothing. */
export function extensionOf(path: string): string {
  return /\.[^./\\]+$/.exec(path)?.[0].toLowerCase() ?? '';
}

/** @throws InputError unless the value is an integer in the range */
export function checkInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InputError({ name, expected: `an integer of ${least}…${most}`, got: value });
  }
}

/** One of a list of words. @throws InputError naming the alternatives */
export function oneOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    throw new InputError({ name, expected: `one of ${choices.join(', ')}`, got: JSON.stringify(value) });
  }
  return found;
}
