/** @file The exported model that is meant when none is named. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../onnx/errors.js';

/** A model file, and what to tell the user about the choice. */
export interface ModelChoice {
  path: string;
  note: string;
}

/**
 * The named model, else the latest run's export, else the small one that comes with the package.
 * @throws InputError if none is named and there is no other
 */
export async function chosenModel(role: 'generator' | 'discriminator', named?: string): Promise<ModelChoice> {
  if (named !== undefined) return { path: named, note: `Model: ${named}` };
  const latest = join('runs', 'latest', 'onnx', `${role}.onnx`);
  if (await exists(latest)) return { path: latest, note: `Model: ${latest}` };
  const path = fileURLToPath(new URL(`../../fixtures/tiny/${role}.onnx`, import.meta.url));
  if (await exists(path)) {
    return { path, note: `Model: the small ${role} that comes with ganscope, as there is no ${latest}` };
  }
  throw new InputError(`--model: expected an .onnx file, as there is no ${latest} (gan-train and gan-export make one)`);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
