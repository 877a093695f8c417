/** @file A network that judges pictures which another graph makes: loaded, and appended to that graph. */
import { preparationBeside } from '../../../inference/networks/hub-config.js';
import { modelFrom, sourceName, type ModelSource } from '../../../inference/networks/model-source.js';
import { appendScoreRows, scoreCount } from '../../../inference/networks/score-head.js';
import type { PictureSize } from '../../../inference/pictures/pixels.js';
import { appendedGraph } from '../../../onnx/build/append.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { namingFile } from '../../../onnx/graph/naming.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { upgradedModel } from '../../../onnx/upgrade/upgrade.js';
import type { ExplainerOptions } from '../../maps/explain-options.js';
import { scoredModel, type ScoredModel } from '../../maps/scored-model.js';
import { appendedPreparation } from './preparation.js';
import { withRows } from '../../../inference/generators/ready-generator.js';

/** A network with its scores, and the name of its file. */
export interface JudgingNetwork extends ScoredModel {
  name: string;
}

/** @throws InputError if it takes no picture or gives no scores, or an option does not fit it */
export async function loadJudgingNetwork(
  source: ModelSource,
  options: Omit<ExplainerOptions, 'similarTo' | 'randomWeights'>,
): Promise<JudgingNetwork> {
  const name = sourceName(source);
  const model = await modelFrom(source, options);
  const defaults = options.defaults ?? (await preparationBeside(source));
  const given = { ...options, ...(defaults && { defaults }) };
  return namingFile(name, () => ({ ...scoredModel(upgradedModel(model), given), name }));
}

/** Pictures of one size, and how many of them a run takes. */
export type PictureRows = PictureSize & { rows: number };

/** What `appendedNetwork` gives. */
export interface AppendedNetwork {
  /** [R, scores] */
  logits: string;
  /** The input [R, scores] for the share of each logit in the score. */
  weights: string;
}

/** Name of the input for the share of each logit in the score. */
export const WEIGHTS = 'judge/weights';

/**
 * Appends a network to the pictures that it judges: preprocessing, network, scores.
 * @param levels its pictures [R, C, H, W], 0 is black and 1 white
 */
export function appendedNetwork(
  b: GraphBuilder,
  levels: string,
  size: PictureRows,
  network: JudgingNetwork,
): AppendedNetwork {
  const { head } = network;
  const valueOf = appendedValues(b, levels, size, network, [head.logits]);
  const logits = appendScoreRows(b, { ...head, logits: valueOf(head.logits) }, 'judge/logits');
  return { logits, weights: b.input(WEIGHTS, 'float32', [size.rows, scoreCount(head)]) };
}

/**
 * Appends a network up to some of its values.
 * @returns what they are called in the graph
 */
export function appendedValues(
  b: GraphBuilder,
  levels: string,
  { rows, ...size }: PictureRows,
  { model, input }: JudgingNetwork,
  values: readonly string[],
): (value: string) => string {
  const prepared = appendedPreparation(b, levels, size, input);
  const graph = prunedGraph(withRows(model.graph, rows), values);
  return appendedGraph(b, graph, new Map([[input.name, prepared]]), 'network/');
}
