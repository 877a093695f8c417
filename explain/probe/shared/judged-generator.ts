/** @file A generator made ready for the network that judges its pictures. */
import type { Generator, GeneratorOptions } from '../../../inference/networks/generator.js';
import { modelFrom, sourceName, type ModelSource } from '../../../inference/networks/model-source.js';
import { InputError } from '../../../onnx/errors.js';
import { namingFile } from '../../../onnx/graph/naming.js';
import { upgradedModel } from '../../../onnx/upgrade/upgrade.js';
import type { JudgingNetwork } from './judging-network.js';
import { readyGenerator, type ReadyGenerator } from '../../../inference/generators/ready-generator.js';

/**
 * The generator with as many rows as the network takes: one, where both leave it open.
 * @param generator of the same source
 * @throws InputError if both fix different numbers
 */
export async function judgedGenerator(
  source: ModelSource,
  generator: Generator,
  options: GeneratorOptions,
  { name: judge, input: { batch } }: JudgingNetwork,
): Promise<ReadyGenerator> {
  const name = sourceName(source);
  const model = await modelFrom(source, options);
  const made = namingFile(name, () =>
    readyGenerator(upgradedModel(model), generator, options, { name, rows: batch ?? 1 }),
  );
  if (batch === undefined || batch === made.rows) return made;
  throw new InputError({ name: judge, expected: `a batch of ${made.rows}, which the generator fixes`, got: batch });
}
