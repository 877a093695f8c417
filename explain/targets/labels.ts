/** @file Finds the class of a name. */
import { InputError } from '../../onnx/errors.js';

const MAX_LISTED = 8;

/**
 * The class with a name: the whole label, or one of its comma-separated synonyms. Case is ignored.
 * @throws InputError if no class or several classes match
 */
export function classOfLabel(labels: readonly string[], name: string): number {
  const wanted = name.toLowerCase();
  const indices = (matches: (label: string) => boolean) =>
    labels.flatMap((label, index) => (matches(label.toLowerCase()) ? [index] : []));
  const whole = indices((label) => label === wanted);
  const found = whole.length > 0 ? whole : indices((label) => label.split(',').some((part) => part.trim() === wanted));
  if (found.length === 1) return found[0] as number;
  if (found.length > 1)
    throw new InputError({
      name: 'target',
      expected: `a name of one class; "${name}" are classes ${found.join(', ')}`,
    });
  const similar = indices((label) => label.includes(wanted)).slice(0, MAX_LISTED);
  const hint = similar.length > 0 ? `; similar: ${similar.map((index) => `${index} ${labels[index]}`).join('; ')}` : '';
  throw new InputError({ name: 'target', expected: 'the name of a class', got: `"${name}"${hint}` });
}
