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

/** SHA-256 of numbers and their sizes, of a picture or an array. */
export function digestOfNumbers({ data, ...sizes }: { readonly data: ArrayLike<number> }): string {
  const own = ArrayBuffer.isView(data) ? digestOf(bytesOf(data)) : JSON.stringify(data);
  return digestOfList([JSON.stringify(sizes), own]);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);

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
      ...firstDifference(journal, key, before[key], now[key]),
    });
  }
}

/** The innermost names under which two values differ, so that long values are not cut before their difference. */
function firstDifference(
  journal: string,
  path: string,
  before: unknown,
  now: unknown,
): { expected: string; got: string } {
  const [a, b] = [before, now].map(entriesOf);
  const all = a && b ? [...new Set([...Object.keys(a), ...Object.keys(b)])] : [];
  const inner = all.find((key) => JSON.stringify(a?.[key]) !== JSON.stringify(b?.[key]));
  if (inner !== undefined) return firstDifference(journal, `${path}.${inner}`, a?.[inner], b?.[inner]);
  return { expected: `the job of ${journal}, where ${path} is ${shown(before)}`, got: shown(now) };
}

/** The entries of an object; undefined for lists and plain values. */
const entriesOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
