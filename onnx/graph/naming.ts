/** @file Errors about a model say which file it came from. */
import { InputError } from '../errors.js';

/** A message that is about a parameter of the call, such as `layer: expected …`. */
const ABOUT_PARAMETER = /^[a-z]\w*: /;

/**
 * What `work` returns or resolves to. Its InputErrors about the model, nodes, values and the runtime name the file; those
 * about other parameters of the call stay as they are.
 * @param file path, URL or other name of a model
 */
export function namingFile<T>(file: string, work: () => Promise<T>): Promise<T>;
export function namingFile<T>(file: string, work: () => T): T;
export function namingFile<T>(file: string, work: () => T | Promise<T>): T | Promise<T> {
  const fail = (error: unknown): never => {
    if (!(error instanceof InputError)) throw error;
    const { input } = error;
    if (input?.name === 'model' && 'expected' in input && !error.message.includes(file))
      throw new InputError({ ...input, name: file }, { cause: error });
    const known = error.message.includes(file) || ABOUT_PARAMETER.test(error.message);
    if (known || (input && 'conflictsWith' in input)) throw error;
    throw new InputError(`${file}: ${error.message}`, { cause: error });
  };
  try {
    const result = work();
    return result instanceof Promise ? result.catch(fail) : result;
  } catch (error) {
    return fail(error);
  }
}
