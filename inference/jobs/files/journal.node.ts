/** @file What a folder of shards says of the job that fills it, so that an interrupted one can go on. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { readBoundedFile, writeFileAtomic } from '../../../onnx/files/files.node.js';
import { RANKING_FILE } from './ranking-file.node.js';

/** The journal's name in the job's folder. */
const JOURNAL = 'sampling.json';
const SHARD_NAME = /^\d{5,}(\.(npy|zip)(\.part)?)?$/;

/** Two jobs that agree in all but `done` make the same files. */
export interface Journal {
  model: string;
  latents: string;
  truncation: number | null;
  /** The discriminator whose most real pictures are kept, where it is asked. */
  discriminator: string | null;
  format: string;
  count: number;
  /** Pictures in complete shards. */
  done: number;
}

export function writeJournal(folder: string, journal: Journal): Promise<void> {
  return writeFileAtomic(join(folder, JOURNAL), `${JSON.stringify(journal, undefined, 2)}\n`);
}

/** Tells one file's content from another's. */
export async function fileDigest(path: string): Promise<string> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${path}: cannot be read (${error.code})`);
  });
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Removes what an earlier job left, which the folder's journal tells of, so that no pictures of two jobs are mixed. */
export async function removeEarlierJob(folder: string): Promise<void> {
  await rm(join(folder, RANKING_FILE), { force: true });
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes(JOURNAL)) return;
  // Whoever goes on after a kill in between must not take what is left for the job.
  await writeFileAtomic(join(folder, JOURNAL), '{}\n');
  for (const name of names.filter((each) => SHARD_NAME.test(each))) await rm(join(folder, name), { recursive: true });
  await rm(join(folder, JOURNAL), { force: true });
}

/**
 * How much of the same job is done; nothing where the folder tells of no job.
 * @throws InputError if the folder's job is another one
 */
export async function doneBefore(folder: string, journal: Journal, shardSize: number): Promise<number | undefined> {
  const path = join(folder, JOURNAL);
  const bytes = await readBoundedFile(path, 2 ** 20).catch((error: unknown) => {
    if (error instanceof InputError && error.message.includes('ENOENT')) return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  let before: Partial<Journal> | undefined;
  try {
    before = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Journal>;
  } catch {
    throw new InputError({ name: path, expected: 'JSON', got: 'something else' });
  }
  for (const key of ['model', 'latents', 'truncation', 'discriminator', 'format', 'count'] as const) {
    if ((before?.[key] ?? null) === journal[key]) continue;
    throw new InputError({
      name: 'resume',
      expected: `the job that ${path} tells of; ${key} was ${shown(before?.[key])}, now it is ${shown(journal[key])}`,
    });
  }
  const { done } = before ?? {};
  const whole = Number.isInteger(done) && (done === journal.count || (done as number) % shardSize === 0);
  if (!whole || (done as number) < 0 || (done as number) > journal.count) {
    throw new InputError({ name: path, expected: '"done" to be a number of whole shards', got: shown(done) });
  }
  return done;
}

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
