/** @file Class activation maps as one ONNX graph: picture and target in, scores and raw maps out. */
import { scoreHead } from '../../inference/networks/find-score-head.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import type { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import { prunedGraph } from '../../onnx/graph/order.js';
import type { Layer } from '../network/layers.js';
import { layerEnds, scoredNetwork, withTopClass, type LayerEnds } from '../network/graphs/scored-network.js';
import { signedMap } from '../methods/graph/map-outputs.js';
import { weightedMethods } from '../methods/layer/weighted.js';
import type { WeightedMethodName } from '../methods/table.js';

/** What to explain. */
export interface CamOptions {
  /** Default that of `scoreHead`. */
  head?: ScoreHead;
  layers: readonly Layer[];
  methods: readonly WeightedMethodName[];
}

/** Names of the outputs of one layer. */
export interface CamOutputs {
  layer: Layer;
  /** Whether the score depends on the layer; if not, its maps are zero. */
  connected: boolean;
  /** Largest |∂score/∂A| per picture [N]. */
  largestGradient: string;
  /** Σ_k w_k A_k [N, H, W], before and after ReLU, per method. */
  maps: { method: WeightedMethodName; signed: string; raw: string }[];
}

/** A graph that explains, and the names of its inputs and outputs. */
export interface CamGraph {
  model: Model;
  head: ScoreHead;
  /** The picture input. */
  input: string;
  /** Input [N, classes]: the score is Σ_c weight_c · logit_c per picture; a row of zeros explains a classifier's top class. */
  targetWeights: string;
  /** Output [N, classes]. */
  logits: string;
  /** Output [N]: what is explained. */
  score: string;
  layers: CamOutputs[];
}

/**
 * The network's forward pass up to its logits, the gradient of its tail with respect to the layers, and the maps, as plain
 * ai.onnx nodes. Other outputs of the model are dropped. The pictures of a batch do not influence each other.
 * @param model of our dialect, in topological order; its first input is the picture
 * @throws InputError if the network's output is no score (see `scoreHead`) or a node between layer and score cannot be
 *   differentiated
 */
export function camGraph(model: Model, options: CamOptions): CamGraph {
  const head = options.head ?? scoreHead(model);
  if (head.grid) {
    throw new InputError({
      name: 'model',
      expected: `one score per picture or class; "${head.logits}" has scores at every position, which gan-gradcam explains, or \`output\` names another value`,
    });
  }
  const scored = scoredNetwork(
    model,
    head,
    options.layers.map(({ value }) => value),
    (b, logits, fed) => b.within('target', () => (head.classes > 1 ? withTopClass(b, logits, fed, head.classes) : fed)),
  );
  const { b, picture: input, logits, fed, weights } = scored;
  const score = b.reduceSum(b.mul(logits, weights, 'target_logits'), [1], false, 'score');
  const layers = layerEnds(scored, options.layers).map((ends) => layerOutputs(b, ends, options.methods));
  const outputs = layers.flatMap(({ largestGradient, maps }) => [
    largestGradient,
    ...maps.flatMap(({ signed, raw }) => [signed, raw]),
  ]);
  for (const output of [score, ...outputs]) b.output(output);
  const graph = prunedGraph(b.graph, [logits, score, ...outputs]);
  return { model: { ...model, graph }, head, input, targetWeights: fed, logits, score, layers };
}

function layerOutputs(
  b: GraphBuilder,
  { layer, activations: value, gradient }: LayerEnds,
  names: readonly WeightedMethodName[],
): CamOutputs {
  return b.within(layer.name, () => {
    const g = gradient ?? b.mul(value, b.scalarLike(value, 0), 'no_gradient');
    const largestGradient = b.op(
      'ReduceMax',
      [b.op('Abs', [g], {}, 'gradient_size')],
      { axes: [1, 2, 3], keepdims: 0 },
      'largest_gradient',
    );
    const maps = names.map((method) =>
      b.within(method, () => {
        const signed = signedMap(b, weightedMethods[method], value, g);
        return { method, signed, raw: b.op('Relu', [signed], {}, 'raw') };
      }),
    );
    return { layer, connected: gradient !== null, largestGradient, maps };
  });
}
