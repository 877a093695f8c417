/** @file Whether a file can be written, before work that takes long. */
import { stat } from 'node:fs/promises';
import { InputError } from '../../errors.js';
import { AtomicFile } from './atomic-file.node.js';
import { removeLeftoversOf } from './temporary.node.js';

/**
 * Checks that a file can be written, before work that takes long; removes what killed processes left of it.
 * @param name the parameter that names the file
 * @throws InputError with the path and the reason
 */
export async function expectWritable(path: string, name: string): Promise<void> {
  const problem = (reason: string) =>
    new InputError({ name, expected: 'a file that can be written', got: `${path} (${reason})` });
  await removeLeftoversOf(path);
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory()) throw problem('a folder');
  try {
    const file = await AtomicFile.create(path);
    await file.abandon();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw problem(code ?? message);
  }
}
