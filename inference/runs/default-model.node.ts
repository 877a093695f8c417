/** @file The exported model that is meant when none is named. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../onnx/errors.js';
import { exists } from '../files/missing.node.js';
import { latestRun } from './runs.node.js';

/** A model file, and what to tell the user about the choice. */
export interface ModelChoice {
  path: string;
  note: string;
}

/**
 * The named model, else the export of the latest run. The small model that comes with the package is for machines without
 * any run.
 * @param named a file the user named
 * @throws InputError if none is named and the latest run is not exported, or there is no latest among the runs
 */
export async function resolveModel(role: 'generator' | 'discriminator', named?: string): Promise<ModelChoice> {
  if (named !== undefined) return { path: named, note: `Model: ${named}` };
  const run = await latestRun();
  if (run !== undefined) {
    const exported = join(run, 'onnx', `${role}.onnx`);
    if (await exists(exported)) return { path: exported, note: `Model: ${exported}` };
    const command = `gan-export --onnx --run ${run}`;
    throw new InputError(`${exported}: missing, the latest run is not exported; type: ${command} (or use \`model\`)`);
  }
  const path = fileURLToPath(new URL(`../../../fixtures/tiny/${role}.onnx`, import.meta.url));
  if (await exists(path)) {
    return { path, note: `Model: the small ${role} that comes with ganscope, as there is no run in runs/` };
  }
  throw new InputError({ name: 'model', expected: 'an .onnx file, as there is no run in runs/' });
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
