/** @file The exported model that is meant when none is named. */
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../onnx/errors.js';

/** A model file, and what to tell the user about the choice. */
export interface ModelChoice {
  path: string;
  note: string;
}

/**
 * The named model, else the export of the run, else the small one that comes with the package.
 * @param named a file the user named
 * @param run folder of the latest run, if there is one
 * @throws InputError if none is named and there is no other
 */
export async function resolveModel(
  role: 'generator' | 'discriminator',
  named?: string,
  run?: string,
): Promise<ModelChoice> {
  if (named !== undefined) return { path: named, note: `Model: ${named}` };
  const exported = join(run ?? join('runs', 'latest'), 'onnx', `${role}.onnx`);
  if (await exists(exported)) return { path: exported, note: `Model: ${exported}` };
  const path = fileURLToPath(new URL(`../../../fixtures/tiny/${role}.onnx`, import.meta.url));
  const reason = `there is no ${exported}${run === undefined ? '' : ' (gan-export makes it)'}`;
  if (await exists(path)) return { path, note: `Model: the small ${role} that comes with ganscope, as ${reason}` };
  throw new InputError({ name: 'model', expected: `an .onnx file, as ${reason}` });
}

/**
 * The named discriminator, else the one that was exported beside the generator.
 * @param generator the generator's file
 * @throws InputError if none is named and there is none beside
 */
export async function discriminatorBeside(generator: string, named?: string): Promise<string> {
  if (named !== undefined) return named;
  const path = join(dirname(generator), 'discriminator.onnx');
  if (await exists(path)) return path;
  throw new InputError({ name: 'discriminator', expected: `an .onnx file, as there is no ${path}` });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
