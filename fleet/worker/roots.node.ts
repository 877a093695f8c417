/** @file The folders that a worker may read and write. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError } from '../../onnx/errors.js';

/** @throws InputError if there is none, or one is no folder */
export async function workerRoots(given: readonly string[]): Promise<string[]> {
  if (given.length === 0)
    throw new InputError({ name: 'root', expected: 'a folder that jobs may read and write', got: 'none' });
  for (const path of given) {
    const there = await stat(path).catch(() => undefined);
    if (!there?.isDirectory()) throw new InputError({ name: 'root', expected: 'a folder', got: path });
  }
  return given.map((path) => resolve(path));
}
