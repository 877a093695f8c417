/** @file Further inputs of a network that files hold: the files of a job, and their numbers. */
import { readBoundedFile } from '../../../onnx/files/files.node.js';
import type { InputNumbers } from '../../graphs/further-inputs.js';
import { npyNumbers } from '../../numeric/npy.js';
import type { ParsedInput } from '../../parse/inputs.js';
import type { JobFile } from '../spec.node.js';

const MAX_BYTES = 1024 * 1024 * 1024;

/** The files that hold inputs, by their roles in a job. */
export function inputFiles(inputs: Readonly<Record<string, ParsedInput>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, value]) => ('file' in value ? [[role(name), value.file] as const] : [])),
  );
}

const role = (name: string) => `input ${name}`;

/** The inputs with the paths that their files have in a job. */
export function placedInputs(
  inputs: Readonly<Record<string, ParsedInput>>,
  files: readonly JobFile[],
): Record<string, ParsedInput> {
  const placed = (name: string, value: ParsedInput): ParsedInput => {
    const path = files.find((file) => file.role === role(name))?.path;
    return 'file' in value && path !== undefined ? { file: path } : value;
  };
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, placed(name, value)]));
}

/** The numbers of each input, of .npy files with their sizes. @throws InputError if a file is missing or no .npy file of numbers */
export async function loadInputNumbers(
  inputs: Readonly<Record<string, ParsedInput>>,
): Promise<Record<string, InputNumbers>> {
  const loaded = Object.entries(inputs).map(async ([name, value]) => [name, await inputNumbers(value)] as const);
  return Object.fromEntries(await Promise.all(loaded));
}

/** The numbers of one input. @throws as `loadInputNumbers` */
export async function inputNumbers(value: ParsedInput): Promise<InputNumbers> {
  if ('data' in value) return value;
  const { shape, data } = npyNumbers(await readBoundedFile(value.file, MAX_BYTES), value.file);
  return { dims: shape, data };
}
