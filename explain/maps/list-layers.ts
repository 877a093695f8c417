/** @file The layers of any model that can be read, also of one that cannot be explained. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import { modelFrom, type ModelSource } from '../../inference/networks/model-source.js';
import { readNetwork } from '../../inference/networks/read-network.js';
import { findScoreHead } from '../../inference/networks/find-score-head.js';
import { InputError } from '../../onnx/errors.js';
import type { Graph, Model } from '../../onnx/graph/graph.js';
import { topologicalOrder } from '../../onnx/graph/order.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import { chosenLayers, listedLayers, type Layer } from '../network/layers.js';
import { assumedOfLayers, assumedOfOutput } from './assumptions.js';
import type { ExplainerOptions, ExplainOptions } from './explain.js';

/** Layers to choose from. */
export interface ListedLayers {
  layers: Layer[];
  /** Those that the choice takes. */
  taken: Layer[];
  assumptions: Assumption[];
  /** Why the model, or the choice, cannot be explained, if it cannot. */
  problem?: string;
}

/**
 * Lists convolutions, token layers and channels-last layers of a model, and those that a choice takes.
 * @throws InputError if the file cannot be read
 */
export async function listLayers(
  source: ModelSource,
  options: ExplainerOptions & Pick<ExplainOptions, 'layers' | 'tokens'> = {},
): Promise<ListedLayers> {
  const model = await modelFrom(source, options);
  try {
    const network = readNetwork(upgradedModel(model), options);
    const { height, width } = network.input.picture;
    const picture = { picture: { height, width }, ...(options.tokens && { tokens: options.tokens }) };
    const layers = listedLayers(network.model.graph, picture);
    try {
      const found = findScoreHead(network.model, options.output);
      const grid = { ...picture, logits: found.head.logits };
      const chosen = chosenLayers(network.model.graph, options.layers, grid, found.head.grid !== undefined);
      const assumptions = [
        ...network.assumptions,
        ...assumedOfOutput(found, undefined, options.output !== undefined),
        ...assumedOfLayers(chosen),
      ];
      return { layers, taken: chosen.groups.flat(), assumptions };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { layers, taken: [], assumptions: [...network.assumptions], problem: error.message };
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { layers: listedLayers(readableGraph(model)), taken: [], assumptions: [], problem: error.message };
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
