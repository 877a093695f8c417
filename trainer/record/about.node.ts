/** @file about.json of a run: what people call it and note of it, and how its last training failed, if it did. */
import { join } from 'node:path';
import { exists } from '../../inference/files/missing.node.js';
import { isRecord } from '../../inference/parse/json.js';
import { readBoundedFile, writeFileAtomic } from '../../onnx/files/files.node.js';

/** The file's name in the folder of a run. */
export const ABOUT_FILE = 'about.json';

/** What is said of a run besides its settings. */
export interface RunAbout {
  /** What it is called besides the name of its folder. */
  name?: string | undefined;
  notes?: string | undefined;
  tags?: readonly string[] | undefined;
  /** When it was first started, in ISO 8601. */
  started?: string | undefined;
  /** Why its last training ended with an error. */
  failed?: string | undefined;
}

/** Largest file that is read. */
export const MAX_ABOUT_BYTES = 2 ** 16;
/** Longest text that is kept of an error. */
const MAX_FAILURE = 500;

/** What a text says of a run. Whatever is not as it should be is left out: it is for people, and no run needs it. */
export function parsedAbout(text: string): RunAbout {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return {};
  }
  if (!isRecord(content)) return {};
  const { tags } = content;
  const texts = (['name', 'notes', 'started', 'failed'] as const).flatMap((key) => {
    const value = content[key];
    return typeof value === 'string' && value !== '' ? [[key, value]] : [];
  });
  const known = Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string' && tag !== '') : [];
  return { ...Object.fromEntries(texts), ...(known.length > 0 && { tags: known }) };
}

/** What is said of a run; nothing where there is no such file, or it cannot be read. */
export const readAbout = (run: string): Promise<RunAbout> => storedAbout(run).catch(() => ({}));

/** What is said of a run; nothing where there is no such file. @throws InputError if it cannot be read */
async function storedAbout(run: string): Promise<RunAbout> {
  const path = join(run, ABOUT_FILE);
  if (!(await exists(path))) return {};
  return parsedAbout(new TextDecoder().decode(await readBoundedFile(path, MAX_ABOUT_BYTES)));
}

/** Changes what is said of a run: what is undefined is removed. @throws InputError if what is there cannot be read */
export async function changeAbout(run: string, change: RunAbout): Promise<void> {
  const about = { ...(await storedAbout(run)), ...change };
  await writeFileAtomic(join(run, ABOUT_FILE), `${JSON.stringify(about, null, 2)}\n`);
}

/** Takes note of the error that ended a training; that the disk is full is none that can be noted. */
export async function noteFailure(run: string, error: unknown): Promise<void> {
  const problem = error instanceof Error ? error.message : String(error);
  await changeAbout(run, { failed: problem.slice(0, MAX_FAILURE) }).catch(() => undefined);
}
