/** @file The files that decide how a model is read: itself, and what says beside it how its pictures are prepared. */
import { resolve } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { textBeside } from '../../../onnx/files/load.node.js';
import { jobFile, type JobFile } from '../spec.node.js';

const PREPARATION = 'preparation';

const besideModel = async (model: string) => (await textBeside(model, 'preprocessor_config.json'))?.path;

/** A model's files. @throws InputError for addresses, and files that cannot be read */
export async function modelFiles(role: string, model: string): Promise<JobFile[]> {
  if (/^https?:/i.test(model)) throw new InputError({ name: role, expected: 'a file, for a job of tasks', got: model });
  const beside = await besideModel(model);
  return [
    await jobFile(role, resolve(model)),
    ...(beside === undefined ? [] : [await jobFile(PREPARATION, resolve(beside))]),
  ];
}

/** @throws InputError if a file is missing, is of no known role, or a model is prepared otherwise than where the job was made */
export async function expectFiles(
  files: readonly JobFile[],
  model: string,
  needed: readonly string[],
  allowed: readonly string[] = [],
): Promise<void> {
  const roles = files.map(({ role }) => role);
  const known = [model, PREPARATION, ...needed, ...allowed];
  const stray = roles.find((role, i) => !known.includes(role) || roles.indexOf(role) !== i);
  if (stray !== undefined) throw new InputError({ name: 'job.files', expected: `no such file`, got: stray });
  const missing = [model, ...needed].find((role) => !roles.includes(role));
  if (missing !== undefined) throw new InputError({ name: 'job.files', expected: `one for ${missing}` });
  const pathOf = (role: string) => files.find((file) => file.role === role)?.path;
  const beside = await besideModel(pathOf(model) ?? '');
  const stated = pathOf(PREPARATION);
  if ((beside && resolve(beside)) === (stated && resolve(stated))) return;
  const expected = stated === undefined ? 'no such file, as where the job was made' : 'the file of the job';
  throw new InputError({ name: beside ?? stated ?? '', expected, got: stated ?? 'one' });
}
