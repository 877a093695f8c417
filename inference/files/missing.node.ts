/** @file Files and folders that may be missing, told from those that cannot be read. */
import { stat } from 'node:fs/promises';
import { InputError } from '../../onnx/errors.js';

/**
 * What the file system answers about a path, such as `readdir(path)`; undefined where there is nothing of that name.
 * @throws InputError with the path and the reason for any other failure
 */
export function ifThere<T>(answer: Promise<T>, path: string): Promise<T | undefined> {
  return answer.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new InputError(`${path}: cannot be read (${error.code ?? error.message})`, { cause: error });
  });
}

/** Whether there is a file or folder of that name. @throws InputError if the file system fails */
export async function exists(path: string): Promise<boolean> {
  return (await ifThere(stat(path), path)) !== undefined;
}
