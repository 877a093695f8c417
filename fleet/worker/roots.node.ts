/** @file The folders and addresses that a worker may read and write. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isAddress } from '../../inference/files/copies.node.js';
import { InputError } from '../../onnx/errors.js';
import { plainS3 } from '../storage/address.js';

/** @throws InputError if there is none, or one is neither a folder nor an address in S3 */
export async function workerRoots(given: readonly string[]): Promise<string[]> {
  if (given.length === 0)
    throw new InputError({
      name: 'root',
      expected: 'a folder or s3://bucket/prefix that jobs may read and write',
      got: 'none',
    });
  for (const path of given) {
    if (isAddress(path)) continue;
    const there = await stat(path).catch(() => undefined);
    if (!there?.isDirectory()) throw new InputError({ name: 'root', expected: 'a folder', got: path });
  }
  return given.map((path) => (isAddress(path) ? plainS3(path, 'root') : resolve(path)));
}
