/** @file The files that decide how a model is read: itself, its external data, and what says beside it how its pictures are prepared. */
import { resolve } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { filesOfModel, textBeside } from '../../../onnx/files/load.node.js';
import { jobFile, type JobFile } from '../spec.node.js';

/** Paths of what is read with a model, by role. @throws InputError if it cannot be read */
async function readWith(role: string, model: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [location, path] of await filesOfModel(model)) found.set(`${role} data ${location}`, resolve(path));
  const beside = await textBeside(model, 'preprocessor_config.json');
  if (beside) found.set(`${role} preparation`, resolve(beside.path));
  return found;
}

/** A file of a job by its absolute path. @throws InputError if it cannot be read, as it was named */
export async function placedFile(role: string, path: string): Promise<JobFile> {
  return { ...(await jobFile(role, path)), path: resolve(path) };
}

/** A model's files. @throws InputError for addresses, and files that cannot be read */
export async function modelFiles(role: string, model: string): Promise<JobFile[]> {
  if (/^https?:/i.test(model)) throw new InputError({ name: role, expected: 'a file, for a job of tasks', got: model });
  const files = [await placedFile(role, model)];
  for (const [own, path] of await readWith(role, model)) files.push(await jobFile(own, path));
  return files;
}

/**
 * Checks which files a job has: those that its models are read with, and others.
 * @throws InputError if a file is missing, is of no known role, or a model would be read with others than where the job was made
 */
export async function expectFiles(
  files: readonly JobFile[],
  models: readonly string[],
  needed: readonly string[],
  allowed: readonly string[] = [],
): Promise<void> {
  const roles = files.map(({ role }) => role);
  const missing = [...models, ...needed].find((role) => !roles.includes(role));
  if (missing !== undefined) throw new InputError({ name: 'job.files', expected: `one for ${missing}` });
  const pathOf = (role: string) => files.find((file) => file.role === role)?.path;
  const own = new Map<string, string>();
  for (const model of models)
    for (const [role, path] of await readWith(model, pathOf(model) ?? '')) own.set(role, path);
  for (const [role, path] of own) {
    const stated = pathOf(role);
    if (stated !== undefined && resolve(stated) === path) continue;
    const expected = stated === undefined ? 'no such file, as where the job was made' : 'the file of the job';
    throw new InputError({ name: path, expected, got: stated ?? 'one' });
  }
  const known = [...models, ...needed, ...allowed, ...own.keys()];
  const stray = roles.find((role, i) => !known.includes(role) || roles.indexOf(role) !== i);
  if (stray !== undefined) throw new InputError({ name: 'job.files', expected: 'no such file', got: stray });
}
