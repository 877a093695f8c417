/** @file Generators in which the latents of a batch influence each other's pictures. */
import { InputError } from '../../onnx/errors.js';
import { nodeLabel, type Model, type Node } from '../../onnx/graph/graph.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import type { Assumption } from '../graphs/assumption.js';
import { batchMixer } from '../graphs/batch-mixing.js';
import type { LatentInput } from './generator-inputs.js';

/**
 * The node that mixes the latents of a batch, if there is one.
 * @param source what to call the file in errors
 * @throws InputError for batch normalization in training mode, which no picture of a seed can be made with
 */
export function latentMixer(model: Model, { name, batch }: LatentInput, source: string): Node | undefined {
  const mixer = batch === 1 ? undefined : mixerOf(model, name);
  if (mixer?.op !== 'BatchNormalization') return mixer;
  throw new InputError({
    name: source,
    expected: 'a generator that was exported in evaluation mode (PyTorch: model.eval())',
    got: `${nodeLabel(mixer)} in training mode, by which each picture depends on the others of its batch`,
  });
}

function mixerOf(model: Model, input: string): Node | undefined {
  try {
    const { graph } = upgradedModel(model);
    for (const { name } of graph.outputs) {
      const mixer = batchMixer(graph, input, name);
      if (mixer) return mixer;
    }
  } catch (error) {
    // What this package cannot read, ONNX Runtime may be able to run.
    if (!(error instanceof InputError)) throw error;
  }
  return undefined;
}

/** What is done about a mixer. @param batch the model's, if it is fixed */
export function assumedOfMixer(mixer: Node, batch: number | undefined): Assumption {
  const taken =
    batch === undefined
      ? 'pictures are made one by one'
      : `pictures are made ${batch} at a time, and depend on those beside them`;
  return {
    about: 'batch',
    taken,
    because: `${nodeLabel(mixer)} lets the latents of a batch influence each other`,
    options: [],
  };
}
