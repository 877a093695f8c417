/** @file What a job's folder says about the job: what it makes of which network, its files, and how much is done. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { readBoundedFile, writeFileAtomic } from '../../../onnx/files/files.node.js';
import type { Assumption } from '../../graphs/assumption.js';
import { parsedOwnedFiles, type OwnedFiles } from '../../files/owned-files.js';

/** The journal's name in the job's folder. */
export const JOURNAL = 'sampling.json';
const MAX_BYTES = 2 ** 20;
/** What a job's journal does not compare with another's. */
const DETAILS = ['job', 'generator', 'files', 'assumed', 'done', 'count', 'removing'];

/** What a job makes: two jobs that agree in all of this make the same files. */
export type JobIdentity = Readonly<Record<string, string | number | boolean | null>>;

export interface Journal {
  /** The kind of job. */
  job: string;
  /** The generator's file. */
  generator: string;
  identity: JobIdentity;
  files: OwnedFiles;
  /** What was assumed of the generator and the discriminator. */
  assumed: readonly Assumption[];
  /** Pictures in all, and in complete shards. */
  count: number;
  done: number;
  /** Whether the files are being removed. */
  removing?: boolean;
}

export function writeJournal(folder: string, { identity, ...rest }: Journal): Promise<void> {
  const { job, generator, files, assumed, count, done, removing } = rest;
  const text = { job, generator, ...identity, count, done, ...(removing && { removing }), assumed, files };
  return writeFileAtomic(join(folder, JOURNAL), `${JSON.stringify(text, undefined, 2)}\n`);
}

/** The journal of a folder, if it has one. @throws InputError if it is damaged */
export async function readJournal(folder: string): Promise<Journal | undefined> {
  const path = join(folder, JOURNAL);
  const bytes = await readBoundedFile(path, MAX_BYTES).catch((error: unknown) => {
    if (error instanceof InputError && error.message.includes('ENOENT')) return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new InputError({ name: path, expected: 'JSON', got: 'something else' });
  }
  const { job, generator, count, done, removing, ...rest } = (value ?? {}) as Record<string, unknown>;
  const files = parsedOwnedFiles(rest['files']);
  const numbers = [count, done].every((number) => Number.isSafeInteger(number) && (number as number) >= 0);
  if (files === undefined || !numbers || (done as number) > (count as number)) {
    throw new InputError({ name: path, expected: 'the journal of a sampling job', got: 'something else' });
  }
  const identity = Object.fromEntries(
    Object.entries(rest).filter(
      (entry): entry is [string, string | number | boolean | null] =>
        !DETAILS.includes(entry[0]) && (entry[1] === null || typeof entry[1] !== 'object'),
    ),
  );
  return {
    job: String(job),
    generator: String(generator),
    identity,
    files: { ...files, names: [...files.names, JOURNAL] },
    assumed: parsedAssumptions(rest['assumed']),
    count: count as number,
    done: done as number,
    removing: removing === true,
  };
}

/** Those of a journal; journals of earlier versions have none. */
function parsedAssumptions(value: unknown): Assumption[] {
  const isText = (each: unknown): each is string => typeof each === 'string';
  return (Array.isArray(value) ? (value as unknown[]) : []).flatMap((each) => {
    const { about, taken, because, options } = (each ?? {}) as Record<string, unknown>;
    if (!isText(about) || !isText(taken) || !isText(because) || !Array.isArray(options)) return [];
    return [{ about, taken, because, options: options.filter(isText) }];
  });
}

/** @throws InputError, naming the difference, if the folder's job is another one */
export function expectSameJob(folder: string, before: Journal, now: Journal): void {
  const all = ({ identity, count }: Journal): JobIdentity => ({ ...identity, count });
  const [was, is] = [all(before), all(now)];
  for (const key of Object.keys(is)) {
    if ((was[key] ?? null) === is[key]) continue;
    throw new InputError({
      name: 'resume',
      expected: `the job of ${join(folder, JOURNAL)}, where ${key} is ${shown(was[key])}`,
      got: shown(is[key]),
    });
  }
}

/** Tells one file's content from another's. @throws InputError if it cannot be read */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return `sha256:${hash.digest('hex')}`;
}

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
