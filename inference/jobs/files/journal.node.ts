/** @file What a job's folder says about the job: what it makes of which network, its files, and how much is done. */
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
  /** Pictures in all; files where the job cannot be resumed. */
  count: number;
  /** How many of them are complete; jobs of tasks do not say, as what is there is done. */
  done?: number;
  /** Whether the files are being removed. */
  removing?: boolean;
}

export function writeJournal(folder: string, journal: Journal): Promise<void> {
  return writeFileAtomic(join(folder, JOURNAL), journalText(journal));
}

/** The file's text. */
export function journalText({ identity, ...rest }: Journal): string {
  const { job, generator, files, assumed, count, done, removing } = rest;
  const progress = { count, ...(done !== undefined && { done }), ...(removing && { removing }) };
  return `${JSON.stringify({ job, generator, ...identity, ...progress, assumed, files }, undefined, 2)}\n`;
}

/** The journal of a folder, if it has one. @throws InputError if it is damaged */
export async function readJournal(folder: string): Promise<Journal | undefined> {
  const path = join(folder, JOURNAL);
  const bytes = await readBoundedFile(path, MAX_BYTES).catch((error: unknown) => {
    if (error instanceof InputError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
      return undefined;
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
  const numbers = [count, done ?? 0].every((number) => Number.isSafeInteger(number) && (number as number) >= 0);
  if (files === undefined || !numbers || Number(done ?? 0) > (count as number)) {
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
    ...(done !== undefined && { done: done as number }),
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
