/** @file A model, read as a network with the scores that are explained. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import { batchMixer } from '../../inference/graphs/batch-mixing.js';
import { labelsOfMetadata } from '../../inference/labels/class-names.js';
import { embeddingOf, findScoreHead } from '../../inference/networks/find-score-head.js';
import { readGanMetadata } from '../../inference/networks/metadata.js';
import type { NetworkInput } from '../../inference/networks/network-input.js';
import { readNetwork } from '../../inference/networks/read-network.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import { expectAffordable } from '../../onnx/upgrade/affordable.js';
import { featuresBefore, scoredAs } from '../targets/quantities.js';
import { assumedOfMixing, assumedOfOutput } from './assumptions.js';
import type { ExplainerOptions } from './explain-options.js';

/** What is explained of a model. */
export interface ScoredModel {
  model: Model;
  /** How it takes pictures. */
  input: NetworkInput;
  /** Where its scores are. */
  head: ScoreHead;
  /** Names of its classes, if known. */
  labels: readonly string[] | undefined;
  assumptions: readonly Assumption[];
  /** Whether a picture's scores depend on the other pictures of a batch. */
  mixesBatch: boolean;
}

/**
 * Finds the input and the scores of a model.
 * @param source in our dialect
 * @param concept features of a picture, if scores are the similarity with it
 * @throws InputError if it takes no picture or gives no scores, or an option does not fit it
 */
export function scoredModel(source: Model, options: ExplainerOptions, concept?: Float32Array): ScoredModel {
  const { labels: given, afterSoftmax = false, output } = options;
  if (readGanMetadata(source.metadata)?.role === 'generator')
    throw new InputError({ name: 'model', expected: 'a discriminator or a classifier', got: 'a generator' });
  const { model: read, input, assumptions } = readNetwork(source, options);
  expectAffordable(read);
  const found = findScoreHead(read, output);
  const scored = scoredAs(read, found.head, { afterSoftmax, ...(concept && { concept }) });
  const { model, head } = scored;
  const classes = head.binary ? 2 : head.classes;
  const labels = concept ? undefined : (checkedLabels(classes, given) ?? labelsOfMetadata(model.metadata, classes));
  const mixer = batchMixer(model.graph, input.name, head.logits);
  return {
    model,
    input,
    head,
    labels,
    assumptions: [
      ...assumptions,
      ...assumedOfOutput(found, labels, output !== undefined),
      ...scored.assumptions,
      ...(mixer && input.batch !== 1 ? [assumedOfMixing(mixer, input.batch)] : []),
    ],
    mixesBatch: mixer !== undefined,
  };
}

/** The embedding that a model ends with, or the value that enters its last layer (`featuresBefore`). @throws InputError if there is none */
export function featuresOf(source: Model, options: ExplainerOptions): string {
  const embedding = embeddingOf(readNetwork(source, options).model);
  if (embedding !== undefined) return embedding;
  const { model, head } = scoredModel(source, options);
  return featuresBefore(model, head);
}

/** @throws InputError unless there are as many names as classes */
function checkedLabels(classes: number, labels?: readonly string[]): readonly string[] | undefined {
  if (labels === undefined || labels.length === classes) return labels;
  throw new InputError({ name: 'labels', expected: `${classes} names, one per class`, got: labels.length });
}
