/** @file Tells one job from another: digests, and the check before an interrupted job is resumed. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { InputError } from '../../onnx/errors.js';

/** SHA-256 of a text or of bytes. */
export function digestOf(content: string | NodeJS.ArrayBufferView): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** SHA-256 of the JSON of a list of texts, which is never in memory as a whole. */
export function digestOfList(texts: readonly string[]): string {
  const hash = createHash('sha256').update('[');
  texts.forEach((text, i) => hash.update(i === 0 ? JSON.stringify(text) : `,${JSON.stringify(text)}`));
  return `sha256:${hash.update(']').digest('hex')}`;
}

/** SHA-256 of a file's content. @throws InputError if it cannot be read */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return `sha256:${hash.digest('hex')}`;
}

/**
 * Checks that a folder's job is the one to resume.
 * @param journal the file that says what the folder's job is
 * @param name the parameter that asked for it
 * @throws InputError naming the first difference
 */
export function expectSameJob(
  journal: string,
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
  name = 'resume',
): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (JSON.stringify(before[key]) === JSON.stringify(now[key])) continue;
    throw new InputError({
      name,
      expected: `the job of ${journal}, where ${key} is ${shown(before[key])}`,
      got: shown(now[key]),
    });
  }
}

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
