/** @file The layers of any model that can be read, also of one that cannot be explained. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import { preparationBeside } from '../../inference/networks/hub-config.js';
import { modelFrom, sourceName, type ModelSource } from '../../inference/networks/model-source.js';
import { readNetwork } from '../../inference/networks/read-network.js';
import { findScoreHead } from '../../inference/networks/find-score-head.js';
import { InputError } from '../../onnx/errors.js';
import type { Graph, Model } from '../../onnx/graph/graph.js';
import { namingFile } from '../../onnx/graph/naming.js';
import { topologicalOrder } from '../../onnx/graph/order.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import { chosenLayers, listedLayers, type Layer, type TokenGrid } from '../network/layers.js';
import { assumedOfLayers, assumedOfOutput } from './assumptions.js';
import type { ExplainerOptions, ExplainOptions } from './explain.js';

/** Layers to choose from. */
export interface ListedLayers {
  layers: Layer[];
  /** Those that the choice takes. */
  taken: Layer[];
  assumptions: Assumption[];
  /** Why the model, or the choice, cannot be explained, if it cannot. */
  problem?: InputError;
}

/**
 * Lists convolutions and activations, token layers and channels-last layers of a model, and those that a choice takes.
 * @throws InputError if the file cannot be read
 */
export async function listLayers(
  source: ModelSource,
  options: ExplainerOptions & Pick<ExplainOptions, 'layers' | 'tokens'> = {},
): Promise<ListedLayers> {
  const model = await modelFrom(source, options);
  const name = sourceName(source);
  const defaults = options.defaults ?? (await preparationBeside(source));
  const read = attempted(name, () => {
    const network = readNetwork(upgradedModel(model), { ...options, ...(defaults && { defaults }) });
    const { height, width } = network.input.picture;
    const grid: TokenGrid = { picture: { height, width }, ...(options.tokens && { tokens: options.tokens }) };
    return { ...network, grid, layers: listedLayers(network.model.graph, grid) };
  });
  if (read instanceof InputError) {
    const layers = namingFile(name, () => listedLayers(readableGraph(model)));
    return { layers, taken: [], assumptions: [], problem: read };
  }
  const { grid, layers } = read;
  const chosen = attempted(name, () => {
    const found = findScoreHead(read.model, options.output);
    const { head } = found;
    const choice = chosenLayers(read.model.graph, options.layers, { ...grid, logits: head.logits }, head);
    const output = assumedOfOutput(found, undefined, options.output !== undefined);
    return { taken: choice.groups.flat(), assumptions: [...output, ...assumedOfLayers(choice)] };
  });
  if (chosen instanceof InputError) return { layers, taken: [], assumptions: [...read.assumptions], problem: chosen };
  return { layers, taken: chosen.taken, assumptions: [...read.assumptions, ...chosen.assumptions] };
}

/** What `work` returns, or its InputError, which names the file where it is about the model. */
function attempted<T>(file: string, work: () => T): T | InputError {
  try {
    return namingFile(file, work);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

/** The graph in our dialect, or where it cannot be brought to it as it is. */
function readableGraph(model: Model): Graph {
  try {
    return upgradedModel(model).graph;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...model.graph, nodes: topologicalOrder(model.graph.nodes) };
  }
}
